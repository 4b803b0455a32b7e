// Samples of a run, to play and to step through.

import type { Playable } from '$instruments/player.svelte'
import { type Checkpoint, type Job, runFileUrl, type Sample } from '$lib/api'
import { count } from '$lib/format'
import { t } from '$lib/i18n'

/** Whether a sample is audible, for the player; others are visual. */
export const isSound = (sample: Sample): boolean => sample.medium === 'sound'

/** A sound with its original, sample-aligned, if it has one. */
export function playableOf(run: string, sample: Sample): Playable {
  const original = sample.original ? [{ label: t('samples.original'), url: runFileUrl(run, sample.original) }] : []
  return {
    id: `${run}/${sample.rendered}`,
    title: t('samples.title', { name: sample.name, step: count(sample.step) }),
    tracks: [...original, { label: sample.original ? t('samples.reconstruction') : sample.name, url: runFileUrl(run, sample.rendered) }],
  }
}

/** Names of the samples, in order of first appearance. */
export const namesOf = (samples: Sample[]): string[] => [...new Set(samples.map((sample) => sample.name))]

/** The checkpoint with the best score on held-out sounds, if it still exists. */
export const bestOf = (checkpoints: readonly Checkpoint[]): Checkpoint | undefined =>
  checkpoints.find((one) => one.is_best && one.validation !== null && one.validation !== undefined)

/** Whether a run diverged, so that its last sample is meaningless. */
export const hasDiverged = ({ state }: Job): boolean => state.state === 'failed' && state.problem.code === 'diverged'

/** Whether its settings made it fail, so that resuming with the same ones would fail the same way. */
export const needsOtherSettings = ({ state }: Job): boolean =>
  state.state === 'failed' && ['out_of_memory', 'diverged'].includes(state.problem.code)

/** The sample to present first: the newest; if the run diverged, the newest from before. */
export function sampleToHear(samples: readonly Sample[], best: Checkpoint | undefined, isRuined: boolean): Sample | undefined {
  const newest = samples.at(-1)
  if (!isRuined) return newest
  const before = best && samples.findLast((sample) => sample.step <= best.step)
  return before ?? leastDistant(samples) ?? newest
}

function leastDistant(samples: readonly Sample[]): Sample | undefined {
  const measured = samples.flatMap((sample) => {
    const distance = Object.values(sample.distances)[0]
    return distance !== undefined && Number.isFinite(distance) ? [{ sample, distance }] : []
  })
  return measured.sort((a, b) => a.distance - b.distance)[0]?.sample
}
