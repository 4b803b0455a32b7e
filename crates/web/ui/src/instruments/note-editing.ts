// Notes that are edited: every function makes new lists of older ones, so that a step can be undone by going back to its list.

import type { Axis } from './note-axis'

/** A note of an editor. Its number stays with it, wherever it goes; places are those of the editor's axis. */
export interface EditNote {
  readonly id: number
  readonly start: number
  readonly length: number
  readonly key: number
  readonly velocity: number
  /** The MIDI channel; only notes of one channel get in each other's way. */
  readonly channel?: number
  /** How far from its key it was heard, in cents. */
  readonly cents?: number
}

export type Notes = readonly EditNote[]
export type Chosen = ReadonlySet<number>

export const KEY_MAX = 127
export const VELOCITY_MAX = 127

export const endOf = ({ start, length }: EditNote): number => start + length

/** Notes in the order of time, low ones first. */
export const inOrder = (notes: Notes): EditNote[] => notes.toSorted((a, b) => a.start - b.start || a.key - b.key || a.id - b.id)

const clamp = (x: number, least: number, most: number): number => Math.max(least, Math.min(most, x))
const chosenOf = (notes: Notes, chosen: Chosen): EditNote[] => notes.filter(({ id }) => chosen.has(id))
const rounded = (axis: Axis, at: number): number => (axis.isWhole ? Math.round(at) : at)

/** The chosen notes moved in time and pitch; all by the same, as far as all of them can go. */
export function moved(notes: Notes, chosen: Chosen, by: number, keys: number, axis: Axis): Notes {
  const all = chosenOf(notes, chosen)
  if (all.length === 0) return notes
  const inTime = rounded(axis, clamp(by, -Math.min(...all.map(({ start }) => start)), axis.end - Math.max(...all.map(endOf))))
  const inPitch = clamp(keys, -Math.min(...all.map(({ key }) => key)), KEY_MAX - Math.max(...all.map(({ key }) => key)))
  if (inTime === 0 && inPitch === 0) return notes
  const move = (note: EditNote): EditNote => ({
    ...note,
    start: note.start + inTime,
    key: note.key + inPitch,
    // What is put on another key is meant to be in tune.
    ...(note.cents !== undefined && inPitch !== 0 && { cents: 0 }),
  })
  return settled(changed(notes, chosen, move), chosen, axis)
}

/** The chosen notes with one of their ends moved; none becomes shorter than can be. */
export function resized(notes: Notes, chosen: Chosen, edge: 'start' | 'end', by: number, axis: Axis): Notes {
  const resize = (note: EditNote): EditNote => {
    if (edge === 'end') return { ...note, length: clamp(rounded(axis, note.length + by), axis.least, axis.end - note.start) }
    const start = clamp(rounded(axis, note.start + by), 0, endOf(note) - axis.least)
    return { ...note, start, length: endOf(note) - start }
  }
  return settled(changed(notes, chosen, resize), chosen, axis)
}

/** The chosen notes struck harder or softer by the same. */
export const louder = (notes: Notes, chosen: Chosen, by: number): Notes =>
  changed(notes, chosen, (note) => ({ ...note, velocity: clamp(note.velocity + by, 1, VELOCITY_MAX) }))

export const withVelocity = (notes: Notes, chosen: Chosen, velocity: number): Notes =>
  changed(notes, chosen, (note) => ({ ...note, velocity: clamp(Math.round(velocity), 1, VELOCITY_MAX) }))

export const without = (notes: Notes, chosen: Chosen): Notes => notes.filter(({ id }) => !chosen.has(id))

/** One more note; what sounds on its key there makes room for it. */
export function withNote(notes: Notes, note: EditNote, axis: Axis): Notes {
  const start = clamp(rounded(axis, note.start), 0, axis.end - axis.least)
  const length = clamp(rounded(axis, note.length), axis.least, axis.end - start)
  return settled([...notes, { ...note, start, length }], new Set([note.id]), axis)
}

/** The chosen notes once more, after themselves by a distance; the copies are chosen then. Nothing where there is no room. */
export function duplicated(notes: Notes, chosen: Chosen, by: number, axis: Axis): { notes: Notes; chosen: Chosen } | undefined {
  const all = chosenOf(notes, chosen)
  const distance = rounded(axis, by)
  if (all.length === 0 || distance <= 0 || Math.max(...all.map(endOf)) + distance > axis.end) return undefined
  let id = nextId(notes)
  const copies = all.map((note) => ({ ...note, id: id++, start: note.start + distance }))
  const copied = new Set(copies.map((note) => note.id))
  return { notes: settled([...notes, ...copies], copied, axis), chosen: copied }
}

/** How long the chosen notes are together, from the first to the end of the last. */
export function spanOf(notes: Notes, chosen: Chosen): number {
  const all = chosenOf(notes, chosen)
  return all.length === 0 ? 0 : Math.max(...all.map(endOf)) - Math.min(...all.map(({ start }) => start))
}

/** New notes have higher numbers than all that were there at the start. */
export const FIRST_NEW = 10_000_000
export const nextId = (notes: Notes): number => notes.reduce((most, { id }) => Math.max(most, id + 1), FIRST_NEW)

function changed(notes: Notes, chosen: Chosen, change: (note: EditNote) => EditNote): Notes {
  return notes.map((note) => (chosen.has(note.id) ? change(note) : note))
}

/**
 * A key of a channel sounds once at a time: where a note that was touched overlaps another, the earlier one ends when the
 * later begins; of two that begin at once, the touched one stays. Overlaps that nobody touched stay as they are.
 */
export function settled(notes: Notes, touched: Chosen, axis: Axis): Notes {
  const voiceOf = ({ key, channel }: EditNote): number => key * 16 + (channel ?? 0)
  const voices = new Set(chosenOf(notes, touched).map(voiceOf))
  const ends = new Map<number, number>()
  const gone = new Set<number>()
  const last = new Map<number, EditNote>()
  for (const note of inOrder(notes.filter((one) => voices.has(voiceOf(one))))) {
    const before = last.get(voiceOf(note))
    const isMet = before && (ends.get(before.id) ?? endOf(before)) > note.start && (touched.has(before.id) || touched.has(note.id))
    if (isMet && note.start - before.start < axis.least) {
      const isFirstKept = touched.has(before.id) && !touched.has(note.id)
      gone.add(isFirstKept ? note.id : before.id)
      if (isFirstKept) continue
    } else if (isMet) ends.set(before.id, note.start)
    last.set(voiceOf(note), note)
  }
  if (gone.size === 0 && ends.size === 0) return notes
  return notes.filter(({ id }) => !gone.has(id)).map((note) => (ends.has(note.id) ? { ...note, length: ends.get(note.id)! - note.start } : note))
}

/** The notes that lie, in part at least, between two places and two keys. */
export function inBox(notes: Notes, from: number, to: number, low: number, high: number): Chosen {
  const [start, end] = [Math.min(from, to), Math.max(from, to)]
  const [bottom, top] = [Math.min(low, high), Math.max(low, high)]
  return new Set(notes.filter((note) => endOf(note) > start && note.start < end && note.key >= bottom && note.key <= top).map(({ id }) => id))
}

/** The note after or before one, in the order of time; the first or last where none is named, undefined past the ends. */
export function neighbour(notes: Notes, id: number | undefined, by: 1 | -1): EditNote | undefined {
  const all = inOrder(notes)
  const at = all.findIndex((note) => note.id === id)
  if (at < 0) return by > 0 ? all[0] : all.at(-1)
  return all[at + by]
}

/** Where a note is drawn, in pixels. */
export interface Box {
  id: number
  left: number
  right: number
  top: number
  bottom: number
}

/** The note under a pointer: the last that is drawn there, or the nearest whose target of a least size is. */
export function boxAt(boxes: readonly Box[], x: number, y: number, least: number): Box | undefined {
  const within = ({ left, right, top, bottom }: Box) => x >= left && x <= right && y >= top && y <= bottom
  const exact = boxes.findLast(within)
  if (exact) return exact
  const beside = (low: number, high: number, at: number) => Math.max(low - at, 0, at - high)
  const far = (box: Box) => beside(box.left, box.right, x) + beside(box.top, box.bottom, y)
  const grown = boxes.filter(({ id, left, right, top, bottom }) => {
    const [w, h] = [Math.max(0, (least - (right - left)) / 2), Math.max(0, (least - (bottom - top)) / 2)]
    return within({ id, left: left - w, right: right + w, top: top - h, bottom: bottom + h })
  })
  return grown.toSorted((a, b) => far(a) - far(b))[0]
}

/** What of a note a pointer holds: an end, if it is near one, or all of it. */
export function partAt({ left, right }: Pick<Box, 'left' | 'right'>, x: number, grip: number): 'start' | 'body' | 'end' {
  const near = Math.min(grip, (right - left) / 3)
  if (x >= right - near) return 'end'
  return x <= left + near && right - left >= 3 * grip ? 'start' : 'body'
}

/** Steps that were done and can be undone, and those that were undone. */
export interface Steps<T> {
  past: readonly T[]
  now: T
  future: readonly T[]
}

/** Steps that are remembered. */
const STEPS_MAX = 200

export const firstStep = <T>(now: T): Steps<T> => ({ past: [], now, future: [] })
export const nextStep = <T>({ past, now }: Steps<T>, next: T): Steps<T> => ({ past: [...past, now].slice(-STEPS_MAX), now: next, future: [] })
export function undone<T>({ past, now, future }: Steps<T>): Steps<T> {
  return past.length === 0 ? { past, now, future } : { past: past.slice(0, -1), now: past.at(-1)!, future: [now, ...future] }
}
export function redone<T>({ past, now, future }: Steps<T>): Steps<T> {
  return future.length === 0 ? { past, now, future } : { past: [...past, now], now: future[0]!, future: future.slice(1) }
}
