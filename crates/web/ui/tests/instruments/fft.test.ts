import { describe, expect, test } from 'vitest'
import { createFft, hann } from '$instruments/fft'

/** The definition, in double precision. */
function naiveDft(x: number[]): [number[], number[]] {
  const re = x.map((_, k) => x.reduce((sum, v, n) => sum + v * Math.cos((2 * Math.PI * k * n) / x.length), 0))
  const im = x.map((_, k) => x.reduce((sum, v, n) => sum - v * Math.sin((2 * Math.PI * k * n) / x.length), 0))
  return [re, im]
}

/** Reproducible noise in [-1, 1]. */
function noise(length: number, seed = 1): number[] {
  let state = seed
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}

describe('createFft', () => {
  test.each([2, 4, 8, 64, 256])('agrees with the definition at %i samples', (size) => {
    const x = noise(size)
    const re = Float32Array.from(x)
    const im = new Float32Array(size)
    createFft(size)(re, im)
    const [wantRe, wantIm] = naiveDft(x)
    for (let k = 0; k < size; k++) {
      expect(re[k]).toBeCloseTo(wantRe[k]!, 3)
      expect(im[k]).toBeCloseTo(wantIm[k]!, 3)
    }
  })

  test('puts a full-scale sine at half the size', () => {
    const re = Float32Array.from({ length: 1024 }, (_, i) => Math.sin((2 * Math.PI * 64 * i) / 1024))
    const im = new Float32Array(1024)
    createFft(1024)(re, im)
    expect(Math.hypot(re[64]!, im[64]!)).toBeCloseTo(512, 1)
    expect(Math.hypot(re[65]!, im[65]!)).toBeLessThan(0.01)
  })

  test.each([0, 1, 3, 100])('refuses %i samples', (size) => {
    expect(() => createFft(size)).toThrow('power of two')
  })
})

test('a Hann window is zero at its edge and one in its middle', () => {
  const window = hann(8)
  expect(window[0]).toBe(0)
  expect(window[4]).toBe(1)
  expect(window[1]).toBeCloseTo(window[7]!, 6)
})
