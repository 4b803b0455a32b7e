// The kinds of job: what each is called, where it leads, what can be asked of it.

import type { Job, JobKind } from '$lib/api'
import { t } from '$lib/i18n'

import type { Kind, List, Verb } from './feature'
import { features } from './features'

const kinds = new Map<string, Kind>(features.flatMap((feature) => Object.entries(feature.kinds ?? {})))
/** Of a kind that only a newer studio has. */
const unknown: Kind = { title: 'job.unknown', href: () => '/' }

export const kindOf = (kind: JobKind): Kind => kinds.get(kind) ?? unknown

/** Whether a job of this kind makes something of a list. */
export const isOf = (kind: JobKind, list: List): boolean => kindOf(kind).list === list

/** The page of what a job makes. */
export const hrefOf = (job: Pick<Job, 'id' | 'kind'>): string => kindOf(job.kind).href(job)

interface Action {
  title: string
  run: () => Promise<unknown>
}
const action = (verb: Verb | undefined, job: Job): Action | undefined => verb && { title: t(verb.title), run: () => verb.run(job) }

/** Ends a job that waits or runs; nothing if its kind is too short to be stopped. */
export const stopOf = (job: Job): Action | undefined => action(kindOf(job.kind).stop, job)

/** Goes on with a job that ended early. */
export function resumeOf(job: Job): Action | undefined {
  return ['stopped', 'failed', 'interrupted'].includes(job.state.state) ? action(kindOf(job.kind).resume, job) : undefined
}
