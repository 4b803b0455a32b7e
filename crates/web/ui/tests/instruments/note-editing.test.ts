// Notes that are edited: each edit is a new list, and what sounds on a key makes room.

import { expect, test } from 'vitest'

import { midiAxis, soundAxis } from '../../src/instruments/note-axis'
import {
  boxAt,
  type Chosen,
  duplicated,
  type EditNote,
  FIRST_NEW,
  firstStep,
  inBox,
  louder,
  moved,
  neighbour,
  nextId,
  nextStep,
  type Notes,
  partAt,
  redone,
  resized,
  settled,
  spanOf,
  undone,
  withNote,
  without,
  withVelocity,
} from '../../src/instruments/note-editing'

const axis = midiAxis({ ticks_per_quarter: 100, tempos: [], meters: [] })
const sound = soundAxis({ seconds: 4, beats_s: [], downbeats_s: [] })
const note = (id: number, start: number, length: number, key: number, more: Partial<EditNote> = {}): EditNote => ({ id, start, length, key, velocity: 90, ...more })
const of = (...ids: number[]): Chosen => new Set(ids)
const places = (notes: Notes) => notes.map(({ id, start, length, key }) => [id, start, length, key])
const notes: Notes = [note(0, 0, 100, 60), note(1, 100, 100, 62), note(2, 200, 50, 64)]

test('notes move together, as far as all of them can', () => {
  expect(places(moved(notes, of(1, 2), 30, 2, axis))).toEqual([[0, 0, 100, 60], [1, 130, 100, 64], [2, 230, 50, 66]])
  expect(places(moved(notes, of(1, 2), -500, 0, axis))).toEqual([[0, 0, 100, 60], [1, 0, 100, 62], [2, 100, 50, 64]])
  expect(places(moved(notes, of(0, 2), 0, 100, axis)).map(([, , , key]) => key)).toEqual([123, 62, 127])
  // What does not move is the same list: nothing to undo.
  expect(moved(notes, of(0), -10, 0, axis)).toBe(notes)
  expect(moved(notes, of(), 10, 0, axis)).toBe(notes)
  // In a file, places are whole ticks.
  expect(moved(notes, of(2), 0.4, 1, axis)[2]).toMatchObject({ start: 200, key: 65 })
})

test('a note on another key is in tune, one that only moves in time is as it was', () => {
  const heard = [note(0, 1, 0.5, 60, { cents: 30 })]
  expect(moved(heard, of(0), 0.1, 0, sound)[0]?.cents).toBe(30)
  expect(moved(heard, of(0), 0, 1, sound)[0]?.cents).toBe(0)
  expect(moved(heard, of(0), 100, 0, sound)[0]?.start).toBe(3.5)
})

test('ends move, and never past the other end', () => {
  expect(places(resized(notes, of(0), 'end', 20, axis))[0]).toEqual([0, 0, 120, 60])
  expect(places(resized(notes, of(0), 'end', -500, axis))[0]).toEqual([0, 0, 1, 60])
  expect(places(resized(notes, of(1), 'start', 30, axis))[1]).toEqual([1, 130, 70, 62])
  expect(places(resized(notes, of(1), 'start', 500, axis))[1]).toEqual([1, 199, 1, 62])
  expect(places(resized(notes, of(1), 'start', -500, axis))[1]).toEqual([1, 0, 200, 62])
})

test('a key sounds once at a time: the earlier note ends when the later begins', () => {
  const two = [note(0, 0, 100, 60), note(1, 100, 100, 60)]
  expect(places(moved(two, of(1), -40, 0, axis))).toEqual([[0, 0, 60, 60], [1, 60, 100, 60]])
  expect(places(resized(two, of(0), 'end', 50, axis))[0]).toEqual([0, 0, 100, 60])
  // Put on the same place, the touched one stays.
  expect(places(moved(two, of(1), -100, 0, axis))).toEqual([[1, 0, 100, 60]])
  expect(places(withNote(two, note(9, 0, 10, 60), axis))).toEqual([[1, 100, 100, 60], [9, 0, 10, 60]])
  // A note within another cuts it.
  expect(places(withNote([note(0, 0, 400, 60)], note(9, 100, 10, 60), axis))).toEqual([[0, 0, 100, 60], [9, 100, 10, 60]])
  // Other channels and overlaps that nobody touched are nobody's business.
  const others = [note(0, 0, 100, 60, { channel: 1 }), note(1, 50, 100, 60, { channel: 2 })]
  expect(settled(others, of(0), axis)).toBe(others)
  const untouched = [note(0, 0, 100, 60), note(1, 50, 100, 60), note(2, 0, 1, 70)]
  expect(settled(untouched, of(2), axis)).toBe(untouched)
})

test('copies come after what was copied, with numbers of their own', () => {
  const copied = duplicated(notes, of(1, 2), spanOf(notes, of(1, 2)), axis)
  expect(copied && places(copied.notes).slice(3)).toEqual([[FIRST_NEW, 250, 100, 62], [FIRST_NEW + 1, 350, 50, 64]])
  expect(copied?.chosen).toEqual(of(FIRST_NEW, FIRST_NEW + 1))
  expect(nextId(copied?.notes ?? [])).toBe(FIRST_NEW + 2)
  expect(duplicated(notes, of(), 10, axis)).toBeUndefined()
  expect(duplicated([note(0, 3, 0.9, 60)], of(0), 0.9, sound)).toBeUndefined()
})

test('velocities stay within what MIDI can say', () => {
  expect(louder(notes, of(0), 100)[0]?.velocity).toBe(127)
  expect(louder(notes, of(0), -100)[0]?.velocity).toBe(1)
  expect(withVelocity(notes, of(0, 1), 33).map(({ velocity }) => velocity)).toEqual([33, 33, 90])
  expect(places(without(notes, of(0, 2)))).toEqual([[1, 100, 100, 62]])
})

test('a field chooses what lies in it in part', () => {
  expect(inBox(notes, 90, 110, 50, 70)).toEqual(of(0, 1))
  expect(inBox(notes, 110, 90, 70, 61)).toEqual(of(1))
  expect(inBox(notes, 100, 100, 60, 60)).toEqual(of())
})

test('notes are gone through in the order of time', () => {
  expect(neighbour(notes, undefined, 1)?.id).toBe(0)
  expect(neighbour(notes, undefined, -1)?.id).toBe(2)
  expect(neighbour(notes, 0, 1)?.id).toBe(1)
  expect(neighbour(notes, 2, 1)).toBeUndefined()
})

test('a finger hits what is near, a pointer what is under it', () => {
  const boxes = [
    { id: 1, left: 100, right: 104, top: 50, bottom: 60 },
    { id: 2, left: 120, right: 200, top: 50, bottom: 60 },
  ]
  expect(boxAt(boxes, 102, 55, 0)?.id).toBe(1)
  expect(boxAt(boxes, 95, 55, 8)).toBeUndefined()
  expect(boxAt(boxes, 92, 46, 24)?.id).toBe(1)
  expect(boxAt(boxes, 121, 64, 24)?.id).toBe(2)
  expect(boxAt(boxes, 150, 80, 24)).toBeUndefined()
  const [, long] = boxes
  expect([120, 125, 160, 195].map((x) => partAt(long!, x, 8))).toEqual(['start', 'start', 'body', 'end'])
  // A short one has only an end, and something left to move it by.
  expect([100, 101, 104].map((x) => partAt(boxes[0]!, x, 8))).toEqual(['body', 'body', 'end'])
})

test('steps are undone and done again, until something else is done', () => {
  let steps = nextStep(nextStep(firstStep(1), 2), 3)
  steps = undone(undone(undone(steps)))
  expect(steps.now).toBe(1)
  steps = redone(steps)
  expect(steps.now).toBe(2)
  steps = nextStep(steps, 9)
  expect(redone(steps).now).toBe(9)
  expect(undone(steps).now).toBe(2)
})

test('whatever is done, notes stay within their time and keys, and no key sounds twice', () => {
  let seed = 1
  const random = (n: number) => (seed = (seed * 48_271) % 2_147_483_647) % n
  let all: Notes = []
  for (let i = 0; i < 400; i++) {
    const chosen = new Set(all.filter(() => random(3) === 0).map(({ id }) => id))
    const at = random(1000)
    all = [
      () => withNote(all, note(nextId(all), at, random(200), 58 + random(5)), axis),
      () => withNote(all, note(nextId(all), at, random(200), 58 + random(5)), axis),
      () => moved(all, chosen, random(400) - 200, random(7) - 3, axis),
      () => resized(all, chosen, random(2) === 0 ? 'start' : 'end', random(100) - 50, axis),
      () => (all.length > 40 ? without(all, chosen) : (duplicated(all, chosen, spanOf(all, chosen), axis)?.notes ?? all)),
      () => (random(4) === 0 ? without(all, chosen) : all),
    ][random(6)]!()
    for (const { start, length, key } of all) {
      expect(Number.isInteger(start) && Number.isInteger(length) && start >= 0 && length >= 1).toBe(true)
      expect(key >= 0 && key <= 127).toBe(true)
    }
    const sorted = all.toSorted((a, b) => a.key - b.key || a.start - b.start)
    sorted.forEach((one, j) => {
      const next = sorted[j + 1]
      if (next?.key === one.key) expect(one.start + one.length, `step ${i}`).toBeLessThanOrEqual(next.start)
    })
  }
})
