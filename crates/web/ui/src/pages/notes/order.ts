// What the forms of the page of notes ask for, and how what came out is called.

import './en'

import type { RollNote } from '$instruments/piano-roll'
import type { Change, ChangeJob, ChangeReport, MidiPieceTrack } from '$lib/api'
import { number } from '$lib/format'
import { t, tn } from '$lib/i18n'

/** Suggestions of a part. */
export interface Writing {
  part: string
  style: string
  seed: number
  variations: number
}

export const VARIATIONS_MAX = 24
export const SEED_MAX = 999_999

/** Changes of the notes themselves. */
export const SHAPES = ['quantise', 'humanise', 'harmonise', 'arrange'] as const
export type Shape = (typeof SHAPES)[number]

export const GRIDS = ['1/4', '1/8', '1/8t', '1/16', '1/16t', '1/32'] as const

export interface Shaping {
  shape: Shape
  grid: string
  /** The file whose groove is followed; empty for none. */
  groove: string
  swing: number
  strength: number
  hasTuplets: boolean
  movesEnds: boolean
  timingMs: number
  velocity: number
  seed: number
  chordStyle: string
  bandStyle: string
}

export const emptyShaping = (): Shaping => ({
  shape: 'quantise',
  grid: '1/16',
  groove: '',
  swing: 0,
  strength: 100,
  hasTuplets: false,
  movesEnds: false,
  timingMs: 8,
  velocity: 6,
  seed: 0,
  chordStyle: '',
  bandStyle: '',
})

export const writeOf = ({ part, style, seed, variations }: Writing): Change => ({ change: 'write', part, style, seed, variations })

export function shapeOf(shaping: Shaping): Change {
  const { shape, grid, swing, strength, hasTuplets, movesEnds, timingMs, velocity, seed } = shaping
  switch (shape) {
    case 'quantise':
      return shaping.groove
        ? { change: shape, grid, swing: 0, strength, has_tuplets: false, moves_ends: movesEnds, groove: shaping.groove }
        : { change: shape, grid, swing, strength, has_tuplets: hasTuplets, moves_ends: movesEnds, groove: null }
    case 'humanise':
      return { change: shape, timing_ms: timingMs, velocity, seed }
    case 'harmonise':
      return { change: shape, style: shaping.chordStyle }
    case 'arrange':
      return { change: shape, style: shaping.bandStyle, seed }
  }
}

/** Whether a change makes notes, and so belongs on this page. */
export const makesNotes = ({ change }: Pick<ChangeJob, 'change'>): boolean => ['write', ...SHAPES].some((one) => one === change.change)

/** `drums in the style “rock”, seed 3` */
export function titleOf(change: Change): string {
  switch (change.change) {
    case 'write':
      return t('made.of.write', { part: capital(change.part), style: change.style, seed: String(change.seed ?? 0) })
    case 'quantise':
      return t('made.of.quantise', { grid: change.grid ?? '1/16' })
    case 'humanise':
      return t('made.of.humanise', { seed: String(change.seed ?? 0) })
    case 'harmonise':
      return t('made.of.harmonise', { style: change.style })
    case 'arrange':
      return t('made.of.arrange', { style: change.style, seed: String(change.seed ?? 0) })
    default:
      return change.change
  }
}

/** What is worth knowing of what came out; empty if nothing is. */
export function reportWords(report: ChangeReport | undefined): string {
  if (report?.of === 'quantise') return t('made.most', { moved: tn('made.moved', report.moved ?? 0), ms: number(report.most_ms ?? 0) })
  if (report?.of === 'harmonise' && (report.parallels ?? 0) > 0) return tn('made.parallels', report.parallels ?? 0)
  return ''
}

/** The notes of a part, as the piano roll draws them. */
export const notesOf = ({ notes }: MidiPieceTrack): readonly RollNote[] =>
  notes.map(([start = 0, secs = 0, key = 0, velocity = 0]) => [start, secs, key, velocity])

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Whether a whole number lies within bounds. */
export const isWhole = (n: number, least: number, most: number): boolean => Number.isInteger(n) && n >= least && n <= most
