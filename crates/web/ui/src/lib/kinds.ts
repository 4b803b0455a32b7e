// The kinds of job: what each is called, where it leads, what can be asked of it. What a feature does not say is read
// from the studio's table, so that a kind without pages of its own can be seen, ended and deleted all the same.

import { cancelJob, type Job, type JobKind, restartJob } from '$lib/api'
import { t } from '$lib/i18n'

import type { Kind, List, Verb } from './feature'
import { features } from './features'
import { capital } from './format'
import { rowOf } from './kind-rows.svelte'

const kinds = new Map<string, Kind>(features.flatMap((feature) => Object.entries(feature.kinds ?? {})))
/** Of a kind that no feature knows: its jobs have the page that every job has. */
const unknown: Kind = { title: 'job.unknown', href: ({ id }) => `/jobs/${id}` }

export const kindOf = (kind: JobKind): Kind => kinds.get(kind) ?? unknown

/** Whether a job of this kind makes something of a list. */
export const isOf = (kind: JobKind, list: List): boolean => kindOf(kind).list === list

/** The page of what a job makes. */
export const hrefOf = (job: Pick<Job, 'id' | 'kind'>): string => kindOf(job.kind).href(job)

/** One thing that a kind of job makes, in a word: `Dataset`. */
export const wordOf = (kind: JobKind): string => capital(rowOf(kind)?.word ?? kind)

interface Action {
  title: string
  run: () => Promise<unknown>
}
const action = (verb: Verb | undefined, job: Job): Action | undefined => verb && { title: t(verb.title), run: () => verb.run(job) }

/** Ends a job that waits or runs. */
export function stopOf(job: Job): Action | undefined {
  const row = rowOf(job.kind)
  const title = row?.keeps_when_stopped ? 'action.stop' : 'action.cancel'
  return action(kindOf(job.kind).stop ?? (row && { title, run: ({ id }) => cancelJob(id) }), job)
}

/** Goes on with a job that ended early, where its kind can. */
export function resumeOf(job: Job): Action | undefined {
  const row = rowOf(job.kind)
  if (!row?.can_restart || !['stopped', 'failed', 'interrupted'].includes(job.state.state)) return undefined
  return action({ title: row.keeps_when_stopped ? 'action.resume' : 'action.restart', run: ({ id }) => restartJob(id) }, job)
}
