// The best scores of the person at this browser, by game and version.

import type { Game } from '$lib/api'

const key = ({ key, version }: Pick<Game, 'key' | 'version'>): string => `maquette.best.${key}.${version}`

export function bestOf(game: Pick<Game, 'key' | 'version'>): number | undefined {
  try {
    const kept = localStorage.getItem(key(game))
    return kept === null || kept.trim() === '' || !Number.isFinite(Number(kept)) ? undefined : Number(kept)
  } catch {
    return undefined
  }
}

/** Keeps a score if it is the best; whether it was. */
export function keepBest(game: Pick<Game, 'key' | 'version'>, score: number): boolean {
  const best = bestOf(game)
  if (best !== undefined && best >= score) return false
  try {
    localStorage.setItem(key(game), String(score))
    return true
  } catch {
    return false
  }
}
