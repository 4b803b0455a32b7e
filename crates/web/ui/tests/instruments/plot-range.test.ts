import { expect, test } from 'vitest'

import { roomAround } from '$instruments/plot-range'

test.each([
  { least: 1, most: 3, expected: [1, 3] },
  { least: 5, most: 5, expected: [4.5, 5.5] },
  { least: -2, most: -2, expected: [-2.2, -1.8] },
  { least: 0, most: 0, expected: [-1, 1] },
  { least: 0.003, most: 0.003, expected: [0.0027, 0.0033] },
])('from $least to $most an axis spans $expected', ({ least, most, expected }) => {
  const [from, to] = roomAround(least, most)
  expect(from).toBeCloseTo(expected[0] ?? 0, 9)
  expect(to).toBeCloseTo(expected[1] ?? 0, 9)
})
