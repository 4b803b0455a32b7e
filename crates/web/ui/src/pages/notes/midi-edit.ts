// The notes of a MIDI file as the editor holds them, and what was changed of them, as the studio is told it.

import type { Tone } from '$instruments/note-sounds'
import type { Axis } from '$instruments/note-axis'
import { type EditNote, FIRST_NEW, type Notes } from '$instruments/note-editing'
import type { MidiNotes, NotesEdit } from '$lib/api'

type TrackEdit = NonNullable<NotesEdit['tracks']>[number]

/** A track's notes, each numbered by its place in the file. */
export const notesOfTrack = ({ notes }: Pick<MidiNotes['tracks'][number], 'notes'>): EditNote[] =>
  notes.map(([start = 0, length = 0, key = 0, velocity = 0, channel = 0], id) => ({ id, start, length, key, velocity, channel }))

const isSame = (a: EditNote, b: EditNote): boolean => a.start === b.start && a.length === b.length && a.key === b.key && a.velocity === b.velocity

/** What became of the notes of each track; tracks that are as they were are left out. */
export function editOf(found: readonly Notes[], now: readonly Notes[]): TrackEdit[] {
  return found.flatMap((before, track) => {
    const after = now[track] ?? before
    if (after === before) return []
    const kept = new Map(after.map((note) => [note.id, note]))
    const edit: TrackEdit = {
      track,
      removed: before.filter(({ id }) => !kept.has(id)).map(({ id }) => id),
      changed: before.flatMap((old) => {
        const note = kept.get(old.id)
        return note && !isSame(note, old) ? [{ note: old.id, start: note.start, length: note.length, key: note.key, velocity: note.velocity }] : []
      }),
      added: after.filter(({ id }) => id >= FIRST_NEW).map(({ start, length, key, velocity, channel }) => ({ start, length, key, velocity, channel: channel ?? null })),
    }
    return edit.removed!.length + edit.changed!.length + edit.added!.length > 0 ? [edit] : []
  })
}

/** The channel of most notes; undefined without any. */
export function usualChannel(notes: Notes): number | undefined {
  const counts = new Map<number, number>()
  for (const { channel = 0 } of notes) counts.set(channel, (counts.get(channel) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0]
}

/** How many notes an edit touches. */
export const touchedBy = (edits: readonly TrackEdit[]): number =>
  edits.reduce((sum, { removed = [], changed = [], added = [] }) => sum + removed.length + changed.length + added.length, 0)

/** Notes as they sound. */
export const tonesOf = (notes: Notes, axis: Axis, isDrum: boolean): Tone[] =>
  notes.map(({ start, length, key, velocity }) => {
    const at = axis.secsOf(start)
    return { start: at, length: axis.secsOf(start + length) - at, key, velocity, isDrum }
  })
