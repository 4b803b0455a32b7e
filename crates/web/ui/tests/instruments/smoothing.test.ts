import { expect, test } from 'vitest'
import { rangeWithoutOutliers, smoothed, summaryOf } from '$instruments/smoothing'

test.each([
  { values: [1, 2, 3], weight: 0, expected: [1, 2, 3] },
  // TensorBoard: 0.5·0 + 0.5·1 over 1 − 0.5, then (0.5·0.5 + 0.5·2) over 1 − 0.25.
  { values: [1, 2], weight: 0.5, expected: [1, 5 / 3] },
  { values: [4, 4, 4], weight: 0.9, expected: [4, 4, 4] },
  { values: [1, null, 2], weight: 0.5, expected: [1, null, 5 / 3] },
  { values: [], weight: 0.5, expected: [] },
])('$values at weight $weight', ({ values, weight, expected }) => {
  const got = smoothed(values, weight)
  expect(got.length).toBe(expected.length)
  got.forEach((v, i) => (v === null ? expect(expected[i]).toBeNull() : expect(v).toBeCloseTo(expected[i]!, 9)))
})

test.each([
  { values: [9, 8, 7, 6, 5, 4], trend: 'falling' },
  { values: [1, 2, 3, 4], trend: 'rising' },
  { values: [1, 1, 1, 1], trend: 'level' },
  { values: [3], trend: 'level' },
])('$values is $trend', ({ values, trend }) => {
  expect(summaryOf(values)).toMatchObject({ n: values.length, last: values.at(-1), trend })
})

test('nothing is said of an empty curve', () => {
  expect(summaryOf([])).toBeUndefined()
})

test.each([
  { values: Array.from({ length: 100 }, (_, i) => (i === 50 ? 1e6 : i)), share: 0.02, expected: [1, 99] },
  { values: [3, 1, 2], share: 0.02, expected: [1, 3] },
  { values: [], share: 0.02, expected: undefined },
])('outliers are left out of the range', ({ values, share, expected }) => {
  expect(rangeWithoutOutliers(values, share)).toEqual(expected)
})
