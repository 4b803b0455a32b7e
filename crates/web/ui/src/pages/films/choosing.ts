// Which films the list shows.

import type { Film, FilmKind } from '$lib/api'

export const KINDS: readonly FilmKind[] = ['milestone', 'hour', 'evaluation', 'journey', 'stages']
export const LENGTHS = ['short', 'medium', 'long'] as const
export type Length = (typeof LENGTHS)[number]

const MINUTE_SECS = 60

export interface Wanted {
  /** Words that all have to occur, in any order. */
  text?: string | undefined
  game?: string | undefined
  run?: string | undefined
  kind?: string | undefined
  length?: string | undefined
  isFavourite?: boolean
}

/** Short is under a minute, long from five minutes on. */
export function lengthOf(secs: number): Length {
  if (secs < MINUTE_SECS) return 'short'
  return secs < 5 * MINUTE_SECS ? 'medium' : 'long'
}

/** The films that are wanted, in their order. A film in progress has no length yet, so no length finds it. */
export function chosen(films: readonly Film[], wanted: Wanted, textOf: (film: Film) => string = plainText): Film[] {
  const words = (wanted.text ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  return films.filter((film) => {
    const isIts = (a: string | undefined, b: string) => a === undefined || a === b
    if (!isIts(wanted.game, film.game) || !isIts(wanted.run, film.film.run) || !isIts(wanted.kind, film.film.kind)) return false
    if (wanted.length !== undefined && (!film.result || lengthOf(film.result.length_secs) !== wanted.length)) return false
    if (wanted.isFavourite && !film.is_favourite) return false
    const text = words.length > 0 ? textOf(film).toLowerCase() : ''
    return words.every((word) => text.includes(word))
  })
}

const plainText = ({ job, run_name, game, result }: Film): string => [job.name, run_name, game, result?.title ?? ''].join(' ')

/** Films that are finished and that nobody has watched yet. */
export const unseen = (films: readonly Film[]): Film[] => films.filter(({ is_new, result }) => is_new && result)

/** The film after or before another in a list; undefined at its ends. */
export function beside(films: readonly Film[], id: string, by: number): Film | undefined {
  const at = films.findIndex((film) => film.id === id)
  return at < 0 ? undefined : films[at + by]
}
