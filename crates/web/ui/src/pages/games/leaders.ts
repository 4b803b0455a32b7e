// The leaderboard of a game: the best scores of its agents, among its yardsticks.

import type { Game, Run } from '$lib/api'
import { bestOf } from '$lib/score'

import { type Who, yardsticksOf } from './scale'

export interface Leader {
  score: number
  /** Whose score it is: an agent's, or a yardstick's. */
  run?: Run
  who?: Who
  /** Whether it is that of the person at this browser. */
  isMine?: boolean
  isEstimate: boolean
}

/** The runs whose agents play a game. */
export const runsOf = (runs: readonly Run[], game: string): Run[] => runs.filter((run) => run.game === game)

/** The agent with the best score, if one was measured. */
export function bestRun(runs: readonly Run[]): { run: Run; score: number } | undefined {
  return scored(runs).reduce<{ run: Run; score: number } | undefined>((best, one) => (best === undefined || one.score > best.score ? one : best), undefined)
}

/** Agents, yardsticks and the person at this browser, the best first. */
export function leadersOf(game: Game, runs: readonly Run[], mine?: number): Leader[] {
  const agents = scored(runs).map(({ run, score }): Leader => ({ run, score, isEstimate: false }))
  const others = yardsticksOf(game).map(({ who, score, isEstimate }): Leader => ({ who, score, isEstimate }))
  const own: Leader[] = mine === undefined ? [] : [{ score: mine, isMine: true, isEstimate: false }]
  return [...agents, ...own, ...others].toSorted((a, b) => b.score - a.score)
}

const scored = (runs: readonly Run[]) =>
  runs.flatMap((run) => {
    const score = bestOf(run)
    return score === undefined ? [] : [{ run, score }]
  })
