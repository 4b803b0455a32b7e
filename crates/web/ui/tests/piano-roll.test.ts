// Where notes lie in a piano roll.

import { expect, test } from 'vitest'

import { isBlack, keyName, keysOf, longestOf, notesIn, type RollNote } from '../src/instruments/piano-roll'

const notes: RollNote[] = [
  [0, 4, 60, 100],
  [1, 0.5, 64, 100],
  [2, 0.5, 67, 100],
  [3, 0.5, 72, 100],
]
const track = { name: 'Keys', isDrums: false, notes }

test('a view shows what sounds in it, also what began before', () => {
  const seen = (start: number, end: number) => notesIn(notes, { start, end }, longestOf(notes)).map(([, , key]) => key)
  expect(seen(0, 10)).toEqual([60, 64, 67, 72])
  expect(seen(1.2, 2.2)).toEqual([60, 64, 67])
  expect(seen(3.6, 5)).toEqual([60])
  expect(seen(4.5, 5)).toEqual([])
})

test('all keys have room, and few get two octaves', () => {
  const { low, high } = keysOf([track])
  expect(low).toBeLessThan(60)
  expect(high).toBeGreaterThan(72)
  expect(high - low).toBeGreaterThanOrEqual(24)
  expect(keysOf([])).toEqual({ low: 48, high: 72 })
  expect(keysOf([{ ...track, notes: [[0, 1, 0, 1], [0, 1, 127, 1]] }])).toEqual({ low: 0, high: 127 })
})

test('keys have names', () => {
  expect([60, 61, 69, 21, 0].map(keyName)).toEqual(['C4', 'C♯4', 'A4', 'A0', 'C-1'])
  expect([60, 61, 66, 71].map(isBlack)).toEqual([false, true, true, false])
})
