// Where pitches and notes are on the picture of a voice: geometry only.

import type { SungCurve, SungNote } from '$lib/api'
import type { Region } from '$instruments/timeline'

/** The pitches that are shown, as MIDI notes. */
export interface Range {
  low: number
  high: number
}

/** Semitones that are shown at least. */
const SPAN_MIN = 12
/** Semitones beyond the lowest and the highest pitch. */
const MARGIN = 2

/** The pitches that show a voice and all its targets. */
export function rangeOf(curve: SungCurve, notes: readonly SungNote[]): Range {
  let [low, high] = [Infinity, -Infinity]
  const see = (pitch: number) => {
    if (pitch < low) low = pitch
    if (pitch > high) high = pitch
  }
  for (const { pitch, target } of notes) {
    see(pitch)
    see(target)
  }
  if (notes.length === 0) for (const pitch of curve.pitch) if (typeof pitch === 'number') see(pitch)
  if (low > high) return { low: 54, high: 54 + SPAN_MIN }
  const missing = Math.max(0, SPAN_MIN - (high - low + 2 * MARGIN)) / 2
  return { low: Math.floor(low - MARGIN - missing), high: Math.ceil(high + MARGIN + missing) }
}

/** How far down a pitch lies, in pixels. */
export const yOf = (pitch: number, { low, high }: Range, height: number): number => ((high - pitch) / (high - low)) * height

/** By how much a pitch changes over so many pixels downwards. */
export const pitchOver = (pixels: number, { low, high }: Range, height: number): number => (-pixels / height) * (high - low)

/** How far to the right a time lies, in percent of the width. */
export const percentOf = (secs: number, view: Region): number => ((secs - view.start) / (view.end - view.start)) * 100

/** The places of notes that lie in a view. */
export function inView(notes: readonly SungNote[], view: Region): number[] {
  return notes.flatMap(({ start_s, end_s }, i) => (end_s > view.start && start_s < view.end ? [i] : []))
}

/** A view that shows a note: the same, if it does. */
export function showing(note: SungNote, view: Region, length: number): Region {
  if (note.start_s >= view.start && note.end_s <= view.end) return view
  const span = view.end - view.start
  const start = Math.max(0, Math.min(length - span, (note.start_s + note.end_s - span) / 2))
  return { start, end: start + span }
}
