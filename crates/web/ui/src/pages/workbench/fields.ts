// Fields of a spectrum: an interval of time and one of frequency, drawn or typed.

import type { SpectrumEdit } from '$lib/api'
import { type FrequencyAxis, frequencyAt, shareAt } from '$instruments/spectrum'
import type { Region } from '$instruments/timeline'

export type Field = Pick<SpectrumEdit, 'start_s' | 'end_s' | 'low_hz' | 'high_hz'>

/** The shortest and the narrowest field. */
const SHORTEST_S = 0.005
const NARROWEST_HZ = 10

interface Picture {
  view: Region
  axis: FrequencyAxis
  rateHz: number
  /** Length of the sound, in seconds. */
  length: number
}

/** A field between two points of a picture, each as shares of its width and height, from the top left. */
export function fieldOf(a: readonly [number, number], b: readonly [number, number], { view, axis, rateHz, length }: Picture): Field {
  const secs = (share: number) => view.start + Math.max(0, Math.min(1, share)) * (view.end - view.start)
  const hz = (share: number) => frequencyAt(axis, 1 - Math.max(0, Math.min(1, share)), rateHz)
  const low = hz(Math.max(a[1], b[1]))
  return valid(
    {
      start_s: secs(Math.min(a[0], b[0])),
      end_s: secs(Math.max(a[0], b[0])),
      // The lowest line of the picture means everything below it, too.
      low_hz: low <= frequencyAt(axis, 0.002, rateHz) ? 0 : low,
      high_hz: hz(Math.min(a[1], b[1])),
    },
    rateHz,
    length,
  )
}

/** A field within the sound, its edges in order and in round numbers. */
export function valid(field: Field, rateHz: number, length: number): Field {
  const half = rateHz / 2
  const start = clamp(Math.min(field.start_s, field.end_s), 0, Math.max(0, length - SHORTEST_S))
  const end = clamp(Math.max(field.start_s, field.end_s), start + SHORTEST_S, Math.max(length, start + SHORTEST_S))
  const low = clamp(Math.min(field.low_hz, field.high_hz), 0, half - NARROWEST_HZ)
  const high = clamp(Math.max(field.low_hz, field.high_hz), low + NARROWEST_HZ, half)
  const round = (x: number, to: number) => Math.round(x * to) / to
  return { start_s: round(start, 1000), end_s: round(end, 1000), low_hz: round(low, 1), high_hz: round(high, 1) }
}

const clamp = (x: number, least: number, most: number): number => Math.max(least, Math.min(most, x))

/** Where a field lies in a picture, in percent. */
export function boxOf(field: Field, { view, axis, rateHz }: Picture): { left: number; width: number; top: number; height: number } {
  const x = (secs: number) => (100 * (secs - view.start)) / (view.end - view.start)
  const y = (hz: number) => 100 * (1 - Math.max(0, shareAt(axis, Math.max(1, hz), rateHz)))
  const [left, top] = [x(field.start_s), y(field.high_hz)]
  return { left, width: x(field.end_s) - left, top, height: y(field.low_hz) - top }
}
