// What can be asked of a job, whatever it makes.

import { cancelDataset, type Job, resumeRun, stopRun } from '$lib/api'

/** Ends a job that waits or runs; nothing if its kind is too short to be stopped. */
export function stopJob(job: Job): (() => Promise<unknown>) | undefined {
  if (job.kind === 'prepare') return () => cancelDataset(job.id)
  if (job.kind === 'train') return () => stopRun(job.id)
  return undefined
}

/** Goes on with a job from where it stands; only a training can. */
export function resumeJob(job: Job): (() => Promise<unknown>) | undefined {
  return job.kind === 'train' ? () => resumeRun(job.id) : undefined
}
