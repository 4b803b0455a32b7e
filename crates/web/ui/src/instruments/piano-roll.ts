// Where notes lie in a piano roll: the arithmetic of the instrument, without a canvas.

import type { Region } from './timeline'

/** A note: when it starts and how long it is, in seconds; its key (60 is the middle C) and its velocity. */
export type RollNote = readonly [startSecs: number, secs: number, key: number, velocity: number]

/** A part of a piece. */
export interface RollTrack {
  name: string
  isDrums: boolean
  notes: readonly RollNote[]
}

/** Keys from the lowest to the highest of some tracks, with room around them, at least two octaves. */
export function keysOf(tracks: readonly RollTrack[]): { low: number; high: number } {
  let [low, high] = [127, 0]
  for (const { notes } of tracks) {
    for (const [, , key] of notes) {
      low = Math.min(low, key)
      high = Math.max(high, key)
    }
  }
  if (low > high) return { low: 48, high: 72 }
  const missing = Math.max(4, 24 - (high - low))
  return { low: Math.max(0, low - Math.ceil(missing / 2)), high: Math.min(127, high + Math.floor(missing / 2)) }
}

/** The notes of a sorted list that sound within a view. `longest` is the length of the longest of the list. */
export function notesIn(notes: readonly RollNote[], view: Region, longest: number): readonly RollNote[] {
  const first = firstFrom(notes, view.start - longest)
  const last = firstFrom(notes, view.end)
  return notes.slice(first, last).filter(([start, secs]) => start + secs >= view.start)
}

/** The place of the first note that starts at a time or later. */
function firstFrom(notes: readonly RollNote[], at: number): number {
  let [low, high] = [0, notes.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((notes[middle]?.[0] ?? 0) < at) low = middle + 1
    else high = middle
  }
  return low
}

export const longestOf = (notes: readonly RollNote[]): number => notes.reduce((most, [, secs]) => Math.max(most, secs), 0)

const NAMES = ['C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B'] as const

/** `C4` for 60. */
export const keyName = (key: number): string => `${NAMES[((key % 12) + 12) % 12]}${Math.floor(key / 12) - 1}`

export const isBlack = (key: number): boolean => [1, 3, 6, 8, 10].includes(((key % 12) + 12) % 12)
