import { describe, expect, test } from 'vitest'
import { columns, envelopeFromPeaks, envelopeFromSamples } from '$instruments/envelope'

/** A sound whose every sample differs from its neighbours. */
const sound = (length: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 0.37) * Math.cos(i * 0.0013))

/** Least and largest of a stretch, looked at sample by sample. */
function bruteForce(samples: Float32Array, from: number, to: number): [number, number] {
  const part = samples.subarray(Math.max(0, from), to)
  return part.length ? [Math.min(...part), Math.max(...part)] : [0, 0]
}

describe('columns of samples', () => {
  // Steps that are whole blocks of some level, so that the answer is exact.
  test.each([
    { length: 4096, from: 0, to: 4096, width: 64 },
    { length: 4096, from: 1024, to: 3072, width: 8 },
    { length: 70_000, from: 0, to: 65_536, width: 16 },
    { length: 1000, from: 0, to: 1000, width: 500 },
    { length: 1000, from: 100, to: 200, width: 100 },
  ])('equal brute force: $length samples, $from to $to in $width', ({ length, from, to, width }) => {
    const samples = sound(length)
    const got = columns(envelopeFromSamples(samples, 44_100), from, to, width)
    const step = (to - from) / width
    for (let x = 0; x < width; x++) {
      const [min, max] = bruteForce(samples, from + x * step, from + (x + 1) * step)
      expect([got.min[x], got.max[x]]).toEqual([min, max])
    }
  })

  test('never miss a sample, whatever the zoom', () => {
    const samples = sound(50_000)
    samples[31_234] = 1
    for (const width of [7, 100, 333, 1201]) {
      const got = columns(envelopeFromSamples(samples, 44_100), 0, 50_000, width)
      expect(Math.max(...got.max)).toBe(1)
    }
  })

  test('are silent outside the sound', () => {
    const got = columns(envelopeFromSamples(sound(100), 44_100), 100, 300, 4)
    expect([...got.min, ...got.max]).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  })

  test('of an empty sound are silent', () => {
    expect([...columns(envelopeFromSamples(new Float32Array(), 44_100), 0, 10, 2).max]).toEqual([0, 0])
  })
})

test('columns of stored peaks are in full scale', () => {
  const peaks = { rate_hz: 44_100, n_samples: 512, block: 256, min: [-127, 0], max: [0, 127] }
  const got = columns(envelopeFromPeaks(peaks), 0, 512, 2)
  expect([...got.min]).toEqual([-1, 0])
  expect([...got.max]).toEqual([0, 1])
})
