// The notes that were found in a sound as the editor holds them, and back.

import { endOf, type EditNote, inOrder, type Notes } from '$instruments/note-editing'
import type { HeardNote } from '$lib/api'

/** What each note was heard as, for as long as nobody touched it: then it is told as it was, to the last digit. */
const untouched = new WeakMap<EditNote, HeardNote>()

export function notesOfHeard(melody: readonly HeardNote[]): EditNote[] {
  return melody.map((heard, id) => {
    const { start_s, end_s, key, cents_off, velocity } = heard
    const note = { id, start: start_s, length: end_s - start_s, key, velocity, cents: cents_off }
    untouched.set(note, heard)
    return note
  })
}

/** The notes in the order in which the studio keeps them. Ends stay within the sound. */
export const heardOf = (notes: Notes, seconds: number): HeardNote[] =>
  inOrder(notes).map((note) => {
    const { start, key, cents = 0, velocity } = note
    return untouched.get(note) ?? { start_s: start, end_s: Math.min(endOf(note), seconds), key, cents_off: cents, velocity }
  })

/** Whether two lists say the same. */
export const isSameMelody = (a: readonly HeardNote[], b: readonly HeardNote[]): boolean =>
  a.length === b.length &&
  a.every(({ start_s, end_s, key, cents_off, velocity }, i) => {
    const other = b[i]!
    return start_s === other.start_s && end_s === other.end_s && key === other.key && cents_off === other.cents_off && velocity === other.velocity
  })
