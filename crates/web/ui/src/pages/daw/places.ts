// Where things of a project are: bars of times, clips under the pointer, and words for them.

import './en'

import type { DawClip, DawReport, DawSound, DawTempo } from '$lib/api'
import { number } from '$lib/format'
import { t, tn } from '$lib/i18n'

/** A clip by its track and its place on it. */
export interface Chosen {
  track: number
  clip: number
}

/** The page of a project. */
export const projectHref = (path: string): string => `/daw/project?path=${encodeURIComponent(path)}`

/** The name of a project, from its path: without folders and its ending. */
export function nameOf(path: string): string {
  const name = path.split(/[\\/]/).findLast((part) => part !== '') ?? path
  return name.replace(/\.[^.]+$/, '') || name
}

/** The folder that a file lies in. */
export const folderOf = (path: string): string => path.replace(/[\\/][^\\/]*$/, '')

/** The bar of a time, counted from 1; bars are in order. */
export function barAt(bars: readonly number[], at: number): number {
  let [low, high] = [0, bars.length]
  while (low < high) {
    const middle = (low + high) >> 1
    // A clip that starts on a bar line lies in its bar, however times were rounded.
    if ((bars[middle] ?? 0) <= at + 1e-6) low = middle + 1
    else high = middle
  }
  return Math.max(1, low)
}

/** The clip of a track at a time; of several the last one, which lies on top. */
export function clipAt(clips: readonly DawClip[], at: number): number | undefined {
  const found = clips.findLastIndex(({ at_s, length_s }) => at >= at_s && at < at_s + length_s)
  return found < 0 ? undefined : found
}

/** Bars whose numbers have room for `least` pixels each: their numbers and places in percent. */
export function barNumbers(bars: readonly number[], view: { start: number; end: number }, width: number, least: number): { n: number; left: number }[] {
  const span = Math.max(1e-6, view.end - view.start)
  const first = barAt(bars, view.start)
  const last = barAt(bars, view.end)
  const n = Math.max(1, last - first + 1)
  const room = Math.max(1, Math.floor(width / least))
  const step = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].find((one) => n / one <= room) ?? 2048
  const out: { n: number; left: number }[] = []
  for (let bar = Math.ceil((first - 1) / step) * step; bar < last; bar += step) {
    const at = bars[bar]
    if (at !== undefined && at >= view.start - 1e-9 && at <= view.end) out.push({ n: bar + 1, left: ((at - view.start) / span) * 100 })
  }
  return out
}

/** `120 BPM`, or the range of a tempo that changes. */
export function tempoText(tempos: readonly DawTempo[]): string {
  const all = tempos.map(({ bpm }) => bpm)
  if (all.length < 2) return t('daw.bpm', { bpm: number(all[0] ?? 120) })
  return t('daw.tempoRange', { low: number(Math.min(...all)), high: number(Math.max(...all)), changes: tn('daw.tempoChanges', all.length - 1) })
}

/** Meters in their order, each once: `4/4, 3/4`. */
export const meterText = (report: DawReport): string => [...new Set(report.meters.map(({ meter }) => meter))].join(', ')

export const notesOf = (report: DawReport): number =>
  report.tracks.reduce((sum, track) => sum + track.clips.reduce((n, { notes }) => n + (notes ?? 0), 0), 0)

/** What a clip is, in words: its notes, or its sound file. */
export function contentText(clip: DawClip): string {
  if (typeof clip.notes === 'number') return tn('daw.clipNotes', clip.notes)
  if (clip.is_found === false) return t('daw.clipMissing', { path: clip.audio ?? '' })
  return clip.audio ?? ''
}
/** Whether a sound file is nowhere. */
export const isMissing = ({ found_at, is_inside }: DawSound): boolean => !found_at && !is_inside
export const trackName = (name: string | undefined, i: number): string => name || t('daw.track', { n: String(i + 1) })
export const clipName = (clip: DawClip): string => clip.name || nameOf(clip.audio ?? '') || t('daw.unnamed')
