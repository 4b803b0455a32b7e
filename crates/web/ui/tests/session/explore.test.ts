// The explorer: places on the map and what is near them, movements and their files, ways between models.

import { describe, expect, test } from 'vitest'

import { byScale, onScale } from '../../src/pages/session/explore/colours'
import { framesOf, NpyError, npyOf } from '../../src/pages/session/explore/npy'
import { between, density, layoutOf, Near, nearestTo, pointsOf, surprise, weightsOf } from '../../src/pages/session/explore/space'
import { fitting, Recorder, reversed, secsOf, stretched, trimmed } from '../../src/pages/session/explore/trajectory'
import { toPixel, toPlace, WHOLE, zoomed } from '../../src/pages/session/explore/view'
import { placeOf, weightsAt } from '../../src/pages/session/morph'
import { shareOf, valueAt } from '../../src/pages/session/values'

/** Numbers that look random and are the same each time. Source: Park and Miller, 1988. */
function randoms(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

describe('near points', () => {
  test.each([3, 50, 3000])('of %i points are those that a search of all finds', (n) => {
    const random = randoms(n)
    const layout = Float32Array.from({ length: 2 * n }, () => 2.4 * (random() * random() - 0.4))
    const near = new Near(layout)
    for (let tries = 0; tries < 40; tries++) {
      const [x, y] = [2 * random() - 1, 2 * random() - 1]
      const all = Array.from({ length: n }, (_, idx) => ({ idx, distance: Math.hypot(layout[2 * idx]! - x, layout[2 * idx + 1]! - y) }))
      const wanted = all.sort((a, b) => a.distance - b.distance).slice(0, Math.min(5, n))
      // Points beyond the square lie in its outermost cells, so only near ones are exact there.
      if (wanted.some(({ idx }) => Math.abs(layout[2 * idx]!) > 1 || Math.abs(layout[2 * idx + 1]!) > 1)) continue
      expect(near.nearest(x, y, 5).map(({ idx }) => idx)).toEqual(wanted.map(({ idx }) => idx))
    }
  })

  test('on a point it is heard alone; between two, both', () => {
    expect(weightsOf([0, 1, 2])[0]).toBeGreaterThan(0.999)
    const [a, b] = weightsOf([1, 1])
    expect([a, b]).toEqual([0.5, 0.5])
    const coordinates = Float32Array.from([0, 0, 2, 4])
    expect([...between(coordinates, 2, [0, 1], [0.5, 0.5])]).toEqual([1, 2])
    expect(nearestTo(coordinates, 2, [1.8, 3])).toBe(1)
  })

  test('a surprise is where sounds are', () => {
    const random = randoms(7)
    // Two groups far apart: what is between them is not data.
    const coordinates = Float32Array.from({ length: 400 }, (_, i) => (i < 200 ? -3 : 3) + 0.1 * random())
    for (let tries = 0; tries < 50; tries++) {
      const [x = 0] = surprise(coordinates, 2, random)
      expect(Math.abs(Math.abs(x) - 3)).toBeLessThan(0.2)
    }
  })

  test('density is counted where points are', () => {
    const cells = density(Float32Array.from([-4, -4, -4, -4, 3.99, 3.99, 9, 9]), 2, 0, 1, 4)
    expect([cells[12], cells[3]]).toEqual([1, 0.5])
  })
})

test('a table is read row after row, and a layout fits the square', () => {
  const table = Float32Array.from([1, 2, 0, 0.5, -20, 440, -3, 4, 1, 1.5, -30, 0, 7])
  const points = pointsOf(table)
  expect([points.n, points.sound[1], points.secs[1], points.pitchHz[0]]).toEqual([2, 1, 1.5, 440])
  const { layout, scale } = layoutOf(table.slice(0, 12), 6)
  expect(Math.max(...layout.map(Math.abs))).toBeLessThanOrEqual(1.3)
  expect(layout[0]! / scale).toBeCloseTo(1)
})

test('zooming keeps the place under the pointer', () => {
  const box = { width: 800, height: 600 }
  const place = toPlace(WHOLE, box, 500, 200)
  const closer = zoomed(WHOLE, 4, ...place)
  const [px, py] = toPixel(closer, box, ...place)
  expect([px, py].map(Math.round)).toEqual([500, 200])
  expect(zoomed(closer, 0.01)).toEqual(WHOLE)
})

test('every point is painted once', () => {
  const painted = byScale(100, (i) => (i % 10 === 0 ? undefined : i / 99))
  expect(painted.flatMap(({ points }) => points).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
  expect([onScale(0), onScale(1)]).toEqual(['rgb(68 1 84)', 'rgb(253 231 37)'])
})

describe('movements', () => {
  const movement = { frames: [[0, 0], [1, 2], [2, 4]], rateHz: 50 }

  test('are turned and stretched', () => {
    expect(reversed(movement).frames[0]).toEqual([2, 4])
    expect(secsOf(stretched(movement, 2))).toBeCloseTo(2 * secsOf(movement))
    expect(stretched(movement, 2).frames).toEqual([[0, 0], [0.5, 1], [1, 2], [1.5, 3], [2, 4]])
    expect(stretched(movement, 0.01).frames).toEqual([[0, 0]])
    expect(trimmed({ frames: [[1, 0, 0], [0, 2, 0]], rateHz: 1 }).frames).toEqual([[1, 0], [0, 2]])
  })

  test('are recorded at equal times, whenever they are looked at', () => {
    const recorder = new Recorder(100, [0], 0)
    for (const ms of [16, 33, 50, 1050]) recorder.at([ms / 1000], ms)
    const { frames } = recorder.end()
    expect(frames.length).toBe(106)
    expect(frames[5]![0]).toBeCloseTo(0.05, 2)
    expect(frames[55]![0]).toBeCloseTo(0.55, 1)
  })

  test('fit into one message, and last as long', () => {
    const long = { frames: Array.from({ length: 20_000 }, (_, i) => Array.from({ length: 8 }, (_, d) => Math.round(1000 * Math.sin(i / 99 + d)) / 1000)), rateHz: 86 }
    const fitted = fitting(long)
    expect(JSON.stringify(fitted.frames).length).toBeLessThanOrEqual(120_000)
    expect(secsOf(fitted)).toBeCloseTo(secsOf(long), 0)
    expect(fitting(movement)).toBe(movement)
  })

  test('come back from a file as they were', () => {
    const bytes = npyOf(movement.frames)
    expect(bytes.length % 4).toBe(0)
    expect((bytes.length - 4 * 6) % 64).toBe(0)
    expect(framesOf(bytes.buffer)).toEqual(movement.frames)
  })

  test.each([
    ['format', () => new Uint8Array(100)],
    ['length', () => npyOf(movement.frames).slice(0, 140)],
    ['type', () => replaced('<f4', '<i4')],
    ['shape', () => replaced('(1, 2, 3)', '(2, 2, 3)')],
    ['shape', () => replaced('(1, 2, 3)', '(1, 0, 3)')],
    ['numbers', () => npyOf([[NaN]])],
  ] as const)('a file with a wrong %s is refused in words', (problem, bytes) => {
    let said: unknown
    try {
      framesOf(bytes().slice().buffer)
    } catch (thrown) {
      said = thrown
    }
    expect(said).toBeInstanceOf(NpyError)
    expect((said as NpyError).problem).toBe(problem)
  })

  function replaced(from: string, to: string): Uint8Array<ArrayBuffer> {
    const text = String.fromCharCode(...npyOf(movement.frames)).replace(from, to)
    return Uint8Array.from(text, (sign) => sign.charCodeAt(0))
  }
})

describe('between models', () => {
  test.each([2, 4])('a place of %i models is found again', (n) => {
    for (const [x, y] of [[0, 0], [0.25, 0.75], [1, 0.5]] as const) {
      const weights = weightsAt(x, y, n)
      expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1)
      expect(placeOf(weights)[0]).toBeCloseTo(x)
      if (n === 4) expect(placeOf(weights)[1]).toBeCloseTo(y)
    }
  })
  test('in a corner one model is heard alone', () => {
    expect(weightsAt(0, 1, 3)).toEqual([1, 0, 0])
    expect(weightsAt(1, 0, 3).reduce((a, b) => a + b)).toBeCloseTo(1)
  })
})

test('a slider has equal ways for equal factors where a control spans much', () => {
  const speed = { number: 18, key: 'walk_speed', title: '', least: 0.01, most: 20, default: 0.5, unit: 'Hz', help: '' }
  for (const value of [0.01, 0.5, 20]) expect(valueAt(shareOf(value, speed), speed)).toBeCloseTo(value)
  expect(valueAt(0.5, speed)).toBeCloseTo(Math.sqrt(0.2))
})
