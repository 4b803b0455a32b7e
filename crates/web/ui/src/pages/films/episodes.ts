// Which recorded episodes a kind of film can show.

import type { Episode, FilmKind } from '$lib/api'

/** Episodes for a kind of film, oldest first; none if the run has not recorded what it needs. */
export function episodesFor(kind: FilmKind, episodes: readonly Episode[]): Episode[] {
  const of = (...kinds: Episode['kind'][]) => episodes.filter((episode) => kinds.includes(episode.kind))
  const atLeast = (least: number, some: Episode[]) => (some.length >= least ? some : [])
  switch (kind) {
    case 'milestone':
    case 'hour':
    case 'evaluation':
      return of(kind)
    // A whole and its stages are more than one.
    case 'journey':
      return atLeast(2, of('milestone', 'hour'))
    case 'stages':
      return atLeast(2, of('milestone'))
  }
}
