import { describe, expect, test } from 'vitest'
import { magma, painted } from '$instruments/colour-map'
import { FRAME_SIZE, frequencyAt, gatherFrames, levelsFromFrames, shareAt } from '$instruments/spectrum'

const RATE_HZ = 44_100

const sine = (hz: number, length: number, gain = 1) =>
  Float32Array.from({ length }, (_, i) => gain * Math.sin((2 * Math.PI * hz * i) / RATE_HZ))

describe.each(['log', 'mel'] as const)('on a %s axis', (axis) => {
  test.each([110, 440, 2000, 9000])('a sine of %i Hz is brightest where it lies', (hz) => {
    const rows = 128
    const frames = gatherFrames(sine(hz, 8192), 2048, 6144, 2)
    const levels = levelsFromFrames(frames, { rateHz: RATE_HZ, rows, axis })
    const column = Array.from({ length: rows }, (_, row) => levels[row * 2]!)
    const brightest = column.indexOf(Math.max(...column))
    const expected = (1 - shareAt(axis, hz, RATE_HZ)) * rows
    // A bin is 21.5 Hz wide, which at 110 Hz is several rows.
    expect(Math.abs(brightest + 0.5 - expected)).toBeLessThan(hz < 200 ? 5 : 2)
    expect(column[brightest]).toBeGreaterThan(250)
  })

  test('share and frequency are inverse', () => {
    for (const share of [0, 0.25, 0.5, 1]) {
      expect(shareAt(axis, frequencyAt(axis, share, RATE_HZ), RATE_HZ)).toBeCloseTo(share, 9)
    }
  })
})

test('levels are in decibels below a full-scale sine', () => {
  const level = (gain: number) =>
    Math.max(...levelsFromFrames(sine(1000, FRAME_SIZE, gain), { rateHz: RATE_HZ, rows: 64, axis: 'log' }))
  expect(level(1) - level(0.1)).toBeCloseTo((20 / 120) * 255, -0.5)
  expect(level(0)).toBe(0)
})

test('frames are centred on their columns and silent outside the sound', () => {
  const samples = new Float32Array(10_000).fill(1)
  const frames = gatherFrames(samples, 0, 10_000, 1)
  expect(frames.every((v) => v === 1)).toBe(true)
  const atTheEdge = gatherFrames(samples, -100, 100, 1)
  expect(atTheEdge.subarray(0, FRAME_SIZE / 2).every((v) => v === 0)).toBe(true)
  expect(atTheEdge[FRAME_SIZE / 2]).toBe(1)
})

test('the map runs from black to pale yellow, always brighter', () => {
  // Every 8th: between neighbours rounding may take a little back.
  const brightness = Array.from(magma.filter((_, i) => i % 8 === 0), (c) => 0.2126 * (c & 255) + 0.7152 * ((c >> 8) & 255) + 0.0722 * ((c >> 16) & 255))
  expect(brightness).toEqual([...brightness].sort((a, b) => a - b))
  expect(painted(Uint8Array.of(0, 100, 255), 100, 200)).toEqual(painted(Uint8Array.of(90, 100, 200), 100, 200))
})
