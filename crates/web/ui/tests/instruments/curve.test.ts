import { describe, expect, test } from 'vitest'
import { aligned, append, curveFrom, MAX_POINTS, nearest, points, thinned } from '$instruments/curve'

const curveOf = (steps: number[]) => curveFrom(steps, steps.map((s) => s * 10))
const plain = (curve: ReturnType<typeof curveOf>) => Array.from(points(curve).steps)

describe('append', () => {
  test('continues a curve', () => {
    const curve = curveOf([1, 2])
    append(curve, 5, 0.5)
    expect(plain(curve)).toEqual([1, 2, 5])
    expect(points(curve).values[2]).toBe(0.5)
  })

  test('begins an empty curve and grows past any first capacity', () => {
    const curve = curveOf([])
    for (let step = 0; step < 1000; step++) append(curve, step, step)
    expect(plain(curve)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  })

  test('takes back steps that a resume lost', () => {
    const curve = curveOf([10, 20, 30, 40])
    append(curve, 25, 7)
    expect(plain(curve)).toEqual([10, 20, 25])
  })

  test('a point told twice is there once', () => {
    const curve = curveOf([10, 20])
    append(curve, 20, 3)
    expect(plain(curve)).toEqual([10, 20])
    expect(points(curve).values[1]).toBe(3)
  })

  test('stays bounded and keeps the largest value', () => {
    const curve = curveOf([])
    for (let step = 0; step < 5 * MAX_POINTS; step++) append(curve, step, step === 777 ? 1e6 : step % 7)
    expect(curve.length).toBeLessThanOrEqual(MAX_POINTS)
    expect(Math.max(...points(curve).values)).toBe(1e6)
    const steps = plain(curve)
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b))
  })
})

test('thinning keeps both ends, and least and largest of each bucket between', () => {
  const steps = Float64Array.from({ length: 10 }, (_, i) => i)
  const values = Float64Array.of(3, 0, 5, -5, 1, 9, 2, 2, 2, 4)
  const thin = thinned({ steps, values }, 6)
  expect(Array.from(thin.steps)).toEqual([0, 2, 3, 5, 6, 9])
  expect(Array.from(thin.values)).toEqual([3, 5, -5, 9, 2, 4])
})

test.each([
  [5, 4],
  [100, 7],
  [5000, 600],
])('%i points thinned to %i keep their ends and their peak', (n, nPoints) => {
  const steps = Float64Array.from({ length: n }, (_, i) => i)
  for (const peak of [0, 1, Math.floor(n / 2), n - 2, n - 1]) {
    const thin = thinned({ steps, values: steps.map((i) => (i === peak ? 1e6 : i % 17)) }, nPoints)
    expect(thin.steps.length).toBeLessThanOrEqual(nPoints)
    expect([thin.steps[0], thin.steps.at(-1)]).toEqual([0, n - 1])
    expect(thin.values).toContain(1e6)
  }
})

test('curves with different steps are drawn over all of them', () => {
  const got = aligned([points(curveOf([1, 3])), points(curveOf([2, 3]))])
  expect(Array.from(got.steps)).toEqual([1, 2, 3])
  expect(got.values).toEqual([
    [10, null, 30],
    [null, 20, 30],
  ])
})

test.each([
  { step: -5, expected: 0 },
  { step: 14, expected: 0 },
  { step: 15, expected: 0 },
  { step: 16, expected: 1 },
  { step: 99, expected: 2 },
])('the point nearest to $step is $expected', ({ step, expected }) => {
  expect(nearest([10, 20, 30], step)).toBe(expected)
})

test('no point is nearest in an empty curve', () => {
  expect(nearest([], 5)).toBe(-1)
})
