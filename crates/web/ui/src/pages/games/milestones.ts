// The eleven milestones of a training, from 0 to 100 %: what is recorded of each, and its film.

import type { Episode, Film, Job } from '$lib/api'

export type MilestoneState = 'coming' | 'skipped' | 'recorded' | 'rendering' | 'failed' | 'ready'

export interface Milestone {
  /** 0 to 10. */
  tenth: number
  state: MilestoneState
  episode?: Episode
  film?: Film
}

const N_TENTHS = 10

/** The tenth of the budget that an episode was recorded at. */
export const tenthOf = ({ share }: Pick<Episode, 'share'>): number => Math.floor((share ?? 0) * N_TENTHS)

/** All eleven. `newest` gives the latest state of a film's job. */
export function milestonesOf(episodes: readonly Episode[], films: readonly Film[], newest: (job: Job) => Job = (job) => job): Milestone[] {
  const recorded = new Map(episodes.filter(({ kind }) => kind === 'milestone').map((episode) => [tenthOf(episode), episode]))
  const last = Math.max(-1, ...recorded.keys())
  return Array.from({ length: N_TENTHS + 1 }, (_, tenth): Milestone => {
    const episode = recorded.get(tenth)
    // Where a step takes longer than a tenth of the budget, some are never recorded.
    if (!episode) return { tenth, state: tenth < last ? 'skipped' : 'coming' }
    const film = filmOf(episode, films, newest)
    return film ? { tenth, episode, film, state: stateOf(film, newest) } : { tenth, episode, state: 'recorded' }
  })
}

/** The film of an episode: a finished one if there is any, else the newest. */
export function filmOf(episode: Episode, films: readonly Film[], newest: (job: Job) => Job = (job) => job): Film | undefined {
  const its = films.filter(({ film }) => film.episodes?.length === 1 && film.episodes[0] === episode.path)
  return its.findLast(({ result }) => result) ?? its.find(({ job }) => isGoing(newest(job))) ?? its[0]
}

function stateOf({ job, result }: Film, newest: (job: Job) => Job): MilestoneState {
  if (result) return 'ready'
  const { state } = newest(job).state
  // It is done a moment before the list with its result arrives.
  return ['failed', 'interrupted', 'stopped'].includes(state) ? 'failed' : 'rendering'
}

const isGoing = ({ state }: Job): boolean => state.state === 'queued' || state.state === 'running'

/** The newest film of a training that can be played: of its last milestone or hour, else any. */
export function newestFilm(films: readonly Film[]): Film | undefined {
  const ready = films.filter(({ result }) => result)
  const stations = ready.filter(({ film }) => film.kind === 'milestone' || film.kind === 'hour')
  return (stations.length > 0 ? stations : ready).reduce<Film | undefined>((best, one) => (best === undefined || stepOf(one) > stepOf(best) ? one : best), undefined)
}

const stepOf = ({ result }: Film): number => result?.step ?? -1
