// The arithmetic of the workbench: scales, steps that are undone, where notes and fields are on their pictures.

import { expect, test } from 'vitest'

import { boxOf, fieldOf, valid } from '../src/pages/workbench/fields'
import { inView, percentOf, pitchOver, rangeOf, showing, yOf } from '../src/pages/workbench/pitch-view'
import { centsOff, has, nearest, noteName, offsetOf, scaleFromKey, scaleName, stepped } from '../src/pages/workbench/scales'
import { Steps } from '../src/pages/workbench/steps.svelte'
import { placeBefore, placeOf, warped } from '../src/pages/workbench/warp'

const note = (start_s: number, end_s: number, pitch: number, target = pitch) => ({ start_s, end_s, pitch, target, name: '' })

test.each([
  ['A minor', { tonic: 9, mode: 'minor' }],
  ['Bb major', { tonic: 10, mode: 'major' }],
  ['F# harmonic minor', { tonic: 6, mode: 'harmonic minor' }],
  ['', { tonic: 0, mode: 'chromatic' }],
  [null, { tonic: 0, mode: 'chromatic' }],
  ['H loud', { tonic: 0, mode: 'chromatic' }],
])('the scale of %s', (key, scale) => {
  expect(scaleFromKey(key)).toEqual(scale)
})

test('a scale says which notes it has, and the nearest of a pitch', () => {
  const minor = scaleFromKey('A minor')
  expect([57, 58, 59, 60].map((n) => has(minor, n))).toEqual([true, false, true, true])
  expect(nearest(minor, 58.4)).toBe(59)
  // The lower one of two as near, as the studio has it.
  expect(nearest(minor, 58)).toBe(57)
  const sharp = offsetOf(444)
  expect(nearest(minor, 57.1, sharp)).toBeCloseTo(57 + sharp)
  expect(scaleName(minor)).toBe('A minor')
  expect(scaleName(scaleFromKey(''))).toBe('chromatic')
})

test('notes have names, and steps go from semitone to semitone', () => {
  expect([60, 69.2, 21, 61].map((pitch) => noteName(pitch))).toEqual(['C4', 'A4', 'A0', 'C♯4'])
  expect(centsOff(69.2)).toBe(20)
  expect(centsOff(68.9)).toBe(-10)
  expect([stepped(60, 1), stepped(60.3, 1), stepped(60.3, -1), stepped(60, -1)]).toEqual([61, 61, 60, 59])
})

test('steps are undone and done again, and a new one ends what was undone', () => {
  const steps = new Steps(0)
  steps.take(1)
  steps.take(2)
  steps.undo()
  expect([steps.now, steps.canUndo, steps.canRedo]).toEqual([1, true, true])
  steps.redo()
  expect(steps.now).toBe(2)
  steps.undo()
  steps.take(3)
  expect([steps.now, steps.canRedo]).toEqual([3, false])
  steps.undo()
  steps.undo()
  steps.undo()
  expect([steps.now, steps.canUndo]).toEqual([0, false])
  const key = (key: string, more = {}) => steps.pressed(Object.assign({ key, ctrlKey: true, metaKey: false, altKey: false, shiftKey: false }, more) as KeyboardEvent)
  expect([key('y'), steps.now]).toEqual([true, 1])
  expect([key('z'), steps.now]).toEqual([true, 0])
  expect([key('z'), key('z', { ctrlKey: false }), key('Z', { shiftKey: true }), steps.now]).toEqual([false, false, true, 1])
})

test('all pitches and targets are in the picture', () => {
  const curve = { step_s: 0.01, pitch: [null, 57.2, 57.4] }
  const range = rangeOf(curve, [note(0, 1, 57, 60), note(1, 2, 75)])
  for (const pitch of [57, 60, 75]) {
    expect(yOf(pitch, range, 300)).toBeGreaterThan(0)
    expect(yOf(pitch, range, 300)).toBeLessThan(300)
  }
  const few = rangeOf(curve, [])
  expect(few.high - few.low).toBeGreaterThanOrEqual(12)
  expect(pitchOver(yOf(60, range, 300) - yOf(57, range, 300), range, 300)).toBeCloseTo(3)
  const nothing = rangeOf({ step_s: 0, pitch: [] }, [])
  expect(Number.isFinite(nothing.low) && nothing.high > nothing.low).toBe(true)
})

test('notes of a view are found, and a view goes to a note', () => {
  const notes = [note(0, 1, 60), note(2, 3, 62), note(8, 9, 64)]
  const view = { start: 0.5, end: 4.5 }
  expect(inView(notes, view)).toEqual([0, 1])
  expect(percentOf(2.5, view)).toBe(50)
  expect(showing(notes[1]!, view, 10)).toBe(view)
  const moved = showing(notes[2]!, view, 10)
  expect(moved.end - moved.start).toBe(4)
  expect(moved.start <= 8 && moved.end >= 9 && moved.end <= 10).toBe(true)
})

test('a field is drawn from any corner, and stays within the sound', () => {
  const picture = { view: { start: 1, end: 3 }, axis: 'mel', rateHz: 44_100, length: 2.5 } as const
  const field = fieldOf([0.25, 0.8], [0.75, 0.2], picture)
  expect(field).toEqual(fieldOf([0.75, 0.2], [0.25, 0.8], picture))
  expect([field.start_s, field.end_s]).toEqual([1.5, 2.5])
  expect(field.low_hz).toBeLessThan(field.high_hz)
  const box = boxOf(field, picture)
  expect(box.left).toBeCloseTo(25, 0)
  expect(box.top).toBeCloseTo(20, 0)
  expect(box.height).toBeCloseTo(60, 0)
  expect(fieldOf([0.1, 0.5], [0.2, 1.2], picture).low_hz).toBe(0)
  const wild = valid({ start_s: 9, end_s: -1, low_hz: -5, high_hz: 1e9 }, 8000, 2)
  expect(wild).toEqual({ start_s: 0, end_s: 2, low_hz: 0, high_hz: 4000 })
  const thin = valid({ start_s: 1, end_s: 1, low_hz: 300, high_hz: 300 }, 8000, 2)
  expect(thin.end_s > thin.start_s && thin.high_hz > thin.low_hz).toBe(true)
})

test('a time of one sound has its place in the other, and back', () => {
  const warp = [[0, 0], [1, 2], [3, 3]]
  expect([0, 0.5, 1, 2, 3, 4].map((secs) => warped(warp, secs, 0))).toEqual([0, 1, 2, 2.5, 3, 3.5])
  for (const secs of [0, 0.7, 1.9, 2.8]) expect(warped(warp, warped(warp, secs, 0), 1)).toBeCloseTo(secs)
  const place = placeOf(warp)
  expect([place(1, 0, 1), place(2, 1, 0), place(2, 1, 1), placeOf([])(2, 0, 1)]).toEqual([2, 1, 2, 2])
})

test('a beat of the grid has its place in the take', () => {
  const beats = [1, 1.5, 2.2]
  expect([0, 0.5, 1, 1.5, 2, 3, -1].map((beat) => Math.round(1000 * placeBefore(beats, beat, 0.5)) / 1000)).toEqual([1, 1.25, 1.5, 1.85, 2.2, 2.9, 0.5])
  expect(placeBefore([0.5], 2, 0.25)).toBe(1)
  expect(placeBefore([], 2, 0.25)).toBe(0.5)
})
