// The scale of scores of a game: where random play, people, the scripted player and agents are on it.

import './en'

import type { Game } from '$lib/api'
import { number } from '$lib/format'
import { t } from '$lib/i18n'

export type Who = 'random' | 'person' | 'scripted' | 'best' | 'latest'

export interface Score {
  who: Who
  score: number
  isEstimate: boolean
}
/** A score with its place on the scale, from 0 at its start to 1 at its end. */
export interface Mark extends Score {
  at: number
}

const PLAYERS: readonly string[] = ['random', 'person', 'scripted']

/** The scores that a game is measured by, the lowest first; a player that only a newer studio has is left out. */
export function yardsticksOf({ yardsticks }: Pick<Game, 'yardsticks'>): Score[] {
  return yardsticks
    .filter(({ player }) => PLAYERS.includes(player))
    .map(({ player, score, is_estimate }) => ({ who: player as Who, score, isEstimate: is_estimate }))
    .toSorted((a, b) => a.score - b.score)
}

/** Scores on a common scale, from the lowest to the highest. */
export function marksOf(scores: readonly Score[]): Mark[] {
  const known = scores.filter(({ score }) => Number.isFinite(score)).toSorted((a, b) => a.score - b.score)
  const [least, most] = [known[0]?.score ?? 0, known.at(-1)?.score ?? 0]
  return known.map((one) => ({ ...one, at: most > least ? (one.score - least) / (most - least) : 0 }))
}

/** `Random play 1.8`, `A person about 30 (estimate)` */
export function markText({ who, score, isEstimate }: Score): string {
  return t(isEstimate ? 'scale.estimate' : 'scale.measured', { who: t(`scale.${who}`), score: scoreText(score) })
}

/** A score: whole from a hundred on, else with a decimal; a true minus sign. */
export function scoreText(score: number): string {
  const rounded = Math.abs(score) >= 100 ? Math.round(score) : Math.round(score * 10) / 10
  return number(rounded || 0, 4).replace('-', '−')
}

/** What a score is compared with the yardsticks, in words: `Better than a person`. */
export function rankText(score: number, game: Pick<Game, 'yardsticks'>): string {
  const beaten = yardsticksOf(game).findLast((one) => score >= one.score)
  return beaten ? t(`scale.above.${beaten.who as 'random' | 'person' | 'scripted'}`) : t('scale.below')
}

interface Label {
  at: number
  /** Its width as a share of the scale's. */
  width: number
}

/** The row of each label, so that no two in a row overlap. Labels are centred on their marks, but stay within the scale. */
export function rowsOf(labels: readonly Label[]): number[] {
  const ends: number[] = []
  return labels.map(({ at, width }) => {
    const start = startOf(at, width)
    const free = ends.findIndex((end) => end <= start)
    const row = free < 0 ? ends.length : free
    ends[row] = start + width
    return row
  })
}

/** Where a label starts, as a share of the scale. */
export const startOf = (at: number, width: number): number => Math.max(0, Math.min(1 - width, at - width / 2))
