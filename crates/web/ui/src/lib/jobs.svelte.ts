// The latest known state of every job, for the pill, the cards and the title.

import { SvelteMap } from 'svelte/reactivity'

import { type Job, jobs as askForJobs, type Run } from '$lib/api'

import { announceJob } from './announce.svelte'
import { live } from './live.svelte'

const heard = new SvelteMap<string, Job>()

export const isActive = (job: Job): boolean => job.state.state === 'queued' || job.state.state === 'running'

/** The newest known state of a job: from a live message or the given answer, whichever is newer. */
export function newest(job: Job): Job {
  const known = heard.get(job.id)
  return known && known.last_seq >= job.last_seq ? known : job
}

/** Running and queued jobs: running ones first, then in queue order. */
export function activeJobs(): Job[] {
  const order = (job: Job) => (job.state.state === 'queued' ? job.state.place + 1 : 0)
  return [...heard.values()].filter(isActive).sort((a, b) => order(a) - order(b) || a.created_ms - b.created_ms)
}

/** A job's progress, 0 to 1, if known. */
export const shareOf = (job: Job): number | undefined => job.progress?.share ?? undefined

/** The newest step of a run, which its job reports sooner than a list does. */
export const stepOf = (run: Run): number => Math.max(run.step, newest(run.job).progress?.n_done ?? 0)

/** Starts following the studio's jobs; call once, while setting up the shell. */
export function startJobs(): void {
  const ask = async () => {
    // Active jobs missing from the answer have ended in the meantime; their pages will reload them.
    const named = await askForJobs().catch(() => undefined)
    if (!named) return
    const ids = new Set(named.map((job) => job.id))
    for (const [id, job] of heard) if (isActive(job) && !ids.has(id)) heard.delete(id)
    for (const job of named) heard.set(job.id, job)
  }
  $effect(() =>
    live.listen((message) => {
      if (message.live === 'changed') {
        // A cancelled job disappears without a final message.
        const known = heard.get(message.id)
        if (known && isActive(known)) void ask()
        return
      }
      if (message.live === 'queue') {
        for (const { id, place } of message.places) {
          const job = heard.get(id)
          if (job?.state.state === 'queued') heard.set(id, { ...job, state: { state: 'queued', place } })
        }
        return
      }
      announceJob(heard.get(message.job.id), message.job)
      heard.set(message.job.id, message.job)
    }),
  )
  $effect(() => void ask())
  $effect(() => live.onReconnect(() => void ask()))

  const activeIds = $derived(activeJobs().map((job) => job.id).join(' '))
  $effect(() => (activeIds ? live.watch(activeIds.split(' ')) : undefined))
}
