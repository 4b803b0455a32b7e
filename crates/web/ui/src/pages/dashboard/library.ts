// What the dashboard shows of the library: a sound to hear, jobs that need attention, suggested next steps.

import type { Dataset, Export, Job, Model, Run, Sample } from '$lib/api'
import { improvement } from '$lib/score'

import { isSound } from '../runs/samples'

/** How long a training must last before it counts in the first steps. */
export const MINUTE_SECS = 60

/** Runs whose models make sounds: those whose agents play a game do not. */
export const ofSounds = (runs: readonly Run[]): Run[] => runs.filter(({ game }) => !game)

/** The newest run that has learned something: its score is better than at the start. */
export const runToHear = (runs: readonly Run[]): Run | undefined =>
  ofSounds(runs).find((run) => run.step > 0 && run.score && Number.isFinite(run.score.latest) && improvement(run) > 0)

/** The newest reconstruction of each sound of a run; those of step 0 are noise and are left out. */
export function newestSamples(samples: readonly Sample[], most: number): Sample[] {
  const newest = new Map<string, Sample>()
  for (const sample of samples) if (sample.step > 0 && isSound(sample)) newest.set(sample.name, sample)
  return [...newest.values()].slice(0, most)
}

/** Jobs that ended unexpectedly and were not dismissed, newest first. */
export function needing(jobs: readonly Job[]): Job[] {
  return jobs
    .filter(({ state }) => state.state === 'interrupted' || state.state === 'failed')
    .filter((job) => !job.dismissed)
    .toSorted((a, b) => b.created_ms - a.created_ms)
}

/** Whether someone has trained for a minute, or a training has finished. */
export const hasTrained = (jobs: readonly Job[]): boolean =>
  jobs.some(({ kind, state, progress }) => kind === 'train' && (state.state === 'done' || (progress?.elapsed_secs ?? 0) >= MINUTE_SECS))

export type Next =
  | { what: 'train'; name: string; href: string }
  | { what: 'keep'; name: string; href: string }
  | { what: 'export'; name: string; href: string }

/** Suggested next steps, at most one of each kind. */
export function nextSteps({ datasets, runs, models, exports }: { datasets: Dataset[]; runs: Run[]; models: Model[]; exports: Export[] }): Next[] {
  const steps: Next[] = []
  const untrained = datasets.find((one) => one.summary && !runs.some((run) => run.dataset === one.id))
  if (untrained) steps.push({ what: 'train', name: untrained.name, href: `/runs/new?dataset=${encodeURIComponent(untrained.id)}` })
  const heard = runToHear(runs.filter((run) => !['queued', 'running'].includes(run.job.state.state)))
  if (heard && !models.some((model) => model.lineage?.run === heard.id)) steps.push({ what: 'keep', name: heard.name, href: `/runs/${heard.id}` })
  const unsent = models.find((model) => !exports.some(({ task }) => task.model.from === 'library' && task.model.id === model.id))
  if (unsent) steps.push({ what: 'export', name: unsent.name, href: `/export?model=${encodeURIComponent(unsent.id)}` })
  return steps
}
