// The kinds of job: title, page and actions of each. What a feature does not define comes from the
// studio's table, so that even a kind without pages of its own can be viewed, ended and deleted.

import { cancelJob, type Job, type JobKind, restartJob } from '$lib/api'
import { t } from '$lib/i18n'

import type { Kind, List, Verb } from './feature'
import { features } from './features'
import { capital } from './format'
import { rowOf } from './kind-rows.svelte'

const kinds = new Map<string, Kind>(features.flatMap((feature) => Object.entries(feature.kinds ?? {})))
/** A kind unknown to all features: its jobs have the generic job page. */
const unknown: Kind = { title: 'job.unknown', href: ({ id }) => `/jobs/${id}` }

export const kindOf = (kind: JobKind): Kind => kinds.get(kind) ?? unknown

/** Whether jobs of this kind produce items of a list. */
export const isOf = (kind: JobKind, list: List): boolean => kindOf(kind).list === list

/** The page of a job's result. */
export const hrefOf = (job: Pick<Job, 'id' | 'kind'>): string => kindOf(job.kind).href(job)

/** What a kind of job produces, in one word: `Dataset`. */
export const wordOf = (kind: JobKind): string => capital(rowOf(kind)?.word ?? kind)

interface Action {
  title: string
  run: () => Promise<unknown>
}
const action = (verb: Verb | undefined, job: Job): Action | undefined => verb && { title: t(verb.title), run: () => verb.run(job) }

/** Ends a queued or running job. */
export function stopOf(job: Job): Action | undefined {
  const row = rowOf(job.kind)
  const title = row?.keeps_when_stopped ? 'action.stop' : 'action.cancel'
  return action(kindOf(job.kind).stop ?? (row && { title, run: ({ id }) => cancelJob(id) }), job)
}

/** Resumes a job that ended early, if its kind supports that. */
export function resumeOf(job: Job): Action | undefined {
  const row = rowOf(job.kind)
  if (!row?.can_restart || !['stopped', 'failed', 'interrupted'].includes(job.state.state)) return undefined
  return action({ title: row.keeps_when_stopped ? 'action.resume' : 'action.restart', run: ({ id }) => restartJob(id) }, job)
}
