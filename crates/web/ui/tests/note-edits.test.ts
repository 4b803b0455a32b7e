// What an editor of notes tells the studio: of a MIDI file what was changed, of a sound the notes as they are now.

import { expect, test } from 'vitest'

import { midiAxis } from '../src/instruments/note-axis'
import { moved, withNote, without, withVelocity } from '../src/instruments/note-editing'
import { dueIn } from '../src/instruments/note-sounds'
import { heardOf, isSameMelody, notesOfHeard } from '../src/pages/library/heard-notes'
import { stepOfKey } from '../src/pages/notes/editor-keys'
import { editOf, notesOfTrack, tonesOf, touchedBy, usualChannel } from '../src/pages/notes/midi-edit'

const axis = midiAxis({ ticks_per_quarter: 480, tempos: [{ tick: 0, quarter_us: 1e6 }], meters: [] })
const track = { notes: [[0, 480, 60, 90, 3], [480, 480, 62, 80, 3], [960, 240, 64, 70, 5]] }

test('only what was changed is told, by the places of notes in the file', () => {
  const found = [notesOfTrack({ notes: [] }), notesOfTrack(track)]
  expect(editOf(found, found)).toEqual([])
  let now = moved(found[1]!, new Set([1]), 0, 1, axis)
  now = without(now, new Set([0]))
  now = withNote(now, { id: 10_000_000, start: 0, length: 10, key: 40, velocity: 1, channel: 3 }, axis)
  const [edit, ...others] = editOf(found, [found[0]!, now])
  expect(others).toEqual([])
  expect(edit).toEqual({
    track: 1,
    removed: [0],
    changed: [{ note: 1, start: 480, length: 480, key: 63, velocity: 80 }],
    added: [{ start: 0, length: 10, key: 40, velocity: 1, channel: 3 }],
  })
  expect(touchedBy([edit!])).toBe(3)
  // There and back again is nothing.
  const back = moved(moved(found[1]!, new Set([1]), 50, 1, axis), new Set([1]), -50, -1, axis)
  expect(editOf(found, [found[0]!, back])).toEqual([])
  expect(usualChannel(found[1]!)).toBe(3)
  expect(usualChannel([])).toBeUndefined()
})

test('what nobody touched is told as it was heard, to the last digit', () => {
  const melody = [
    { start_s: 0.1, end_s: 0.30000000000000004, key: 60, cents_off: 12.3, velocity: 90 },
    { start_s: 0.7, end_s: 0.9, key: 62, cents_off: -3, velocity: 80 },
  ]
  const notes = notesOfHeard(melody)
  expect(isSameMelody(heardOf(notes, 1), melody)).toBe(true)
  const softer = heardOf(withVelocity(notes, new Set([1]), 5), 1)
  expect(softer[0]).toBe(melody[0])
  expect(softer[1]).toMatchObject({ start_s: 0.7, key: 62, cents_off: -3, velocity: 5 })
  expect(isSameMelody(softer, melody)).toBe(false)
})

test('notes sound at their times, each once', () => {
  const tones = tonesOf(notesOfTrack(track), axis, false)
  expect(tones.map(({ start, length }) => [start, length])).toEqual([[0, 1], [1, 1], [2, 0.5]])
  expect(dueIn(tones, 0, 1).length + dueIn(tones, 1, 2).length + dueIn(tones, 2, 3).length).toBe(3)
})

test('arrows move notes', () => {
  expect(stepOfKey({ key: 'ArrowLeft' })).toEqual({ steps: -1, keys: 0 })
  expect(stepOfKey({ key: 'ArrowUp' })).toEqual({ steps: 0, keys: 1 })
  expect(stepOfKey({ key: 'a' })).toBeUndefined()
})
