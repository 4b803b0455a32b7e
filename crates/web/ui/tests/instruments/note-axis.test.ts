// Time as the editor of notes counts it.

import { expect, test } from 'vitest'

import { type Axis, DIVISIONS, midiAxis, quartersOf, soundAxis } from '../../src/instruments/note-axis'

const tempo = (tick: number, bpm: number) => ({ tick, quarter_us: 6e7 / bpm })
const meter = (tick: number, numerator: number, denominator: number) => ({ tick, numerator, denominator })
const plain = midiAxis({ ticks_per_quarter: 480, tempos: [tempo(0, 120)], meters: [] })
const strange = midiAxis({
  ticks_per_quarter: 96,
  tempos: [tempo(50, 60), tempo(200, 240), tempo(1000, 33.3)],
  meters: [meter(0, 3, 4), meter(288, 7, 8), meter(700, 4, 4)],
})
const waltz = soundAxis({ seconds: 10, beats_s: [1, 1.5, 2.1, 2.6, 3.1], downbeats_s: [1.5], meter: '3/4' })

test('note values are parts of a whole note', () => {
  expect(DIVISIONS.map(quartersOf)).toEqual([4, 2, 1, 0.5, 1 / 3, 0.25, 1 / 6, 0.125])
})

test('every tick comes back from its second', () => {
  for (const axis of [plain, strange]) for (let tick = 0; tick < 3000; tick += 7) expect(Math.round(axis.placeOf(axis.secsOf(tick)))).toBe(tick)
  expect(plain.secsOf(960)).toBeCloseTo(1, 12)
  // 120 beats a minute before the first tempo.
  expect(strange.secsOf(50)).toBeCloseTo((50 / 96) * 0.5, 12)
  expect(strange.secsOf(200) - strange.secsOf(50)).toBeCloseTo(150 / 96, 12)
})

test('places come to the nearest line, or to the last one', () => {
  expect(plain.snapped(470, '1/4')).toBe(480)
  expect(plain.snapped(470, '1/4', 'before')).toBe(0)
  expect(plain.snapped(480, '1/4', 'before')).toBe(480)
  expect(plain.snapped(100, '1/8t')).toBe(160)
  expect(plain.snapped(-30, '1/16')).toBe(0)
})

test('a line of the grid stays where it is, whatever the tempo and the meter', () => {
  const check = (axis: Axis, from: number, to: number) => {
    for (const division of DIVISIONS)
      for (const { at } of axis.lines(from, to, division, 10_000)) {
        if (axis.isWhole && !Number.isInteger(at)) continue
        expect(axis.snapped(at, division), `${division} at ${at}`).toBeCloseTo(at, 6)
      }
  }
  check(plain, 0, 8000)
  check(strange, 0, 2000)
  check(waltz, 0, 10)
})

test('bars begin with their meter, and end with it', () => {
  const bars = strange.lines(0, 1200, '1/1', 1000).filter(({ begins }) => begins === 'bar')
  // One of 3/4, then 7/8 (336 ticks each, the second cut off by the next meter), then 4/4.
  expect(bars.map(({ at }) => at)).toEqual([0, 288, 624, 700, 1084])
  expect(bars.map(({ at }) => strange.barOf(at)?.bar)).toEqual([1, 2, 3, 4, 5])
  expect(plain.barOf(4 * 480 + 240)).toEqual({ bar: 2, beat: 1.5 })
  // A whole note does not go into a bar of three quarters: it ends with it.
  expect(strange.snapped(280, '1/1')).toBe(288)
})

test('too many lines are none', () => {
  expect(plain.lines(0, 480_000, '1/32', 500)).toEqual([])
  expect(soundAxis({ seconds: 5, beats_s: [], downbeats_s: [] }).lines(0, 5, '1/4', 100)).toEqual([])
})

test('the beats of a sound are its grid, and go on beside those that were found', () => {
  expect(waltz.snapped(1.82, '1/4')).toBeCloseTo(2.1)
  expect(waltz.snapped(1.82, '1/8')).toBeCloseTo(1.8)
  expect(waltz.snapped(0.4, '1/4')).toBeCloseTo(0.5)
  expect(waltz.snapped(4.2, '1/4')).toBeCloseTo(4.1)
  expect(waltz.snapped(20, '1/4')).toBe(10)
  expect(waltz.lines(0, 4, '1/4', 100).filter(({ begins }) => begins === 'bar').map(({ at }) => Number(at.toFixed(3)))).toEqual([0, 1.5, 3.1])
  expect(waltz.barOf(2.1)).toEqual({ bar: 1, beat: 2 })
  expect(waltz.stepAt(2.1, '1/4')).toBeCloseTo(0.5)
})
