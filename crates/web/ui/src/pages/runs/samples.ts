// Samples of a run as something to play and to step through.

import type { Playable } from '$instruments/player.svelte'
import { runFileUrl, type Sample } from '$lib/api'
import { count } from '$lib/format'
import { t } from '$lib/i18n'

/** Original and rendering, sample-aligned. */
export function playableOf(run: string, sample: Sample): Playable {
  return {
    id: `${run}/${sample.rendered}`,
    title: `${sample.name} · ${t('runs.step')} ${count(sample.step)}`,
    tracks: [
      { label: t('samples.original'), url: runFileUrl(run, sample.original) },
      { label: t('samples.rendered'), url: runFileUrl(run, sample.rendered) },
    ],
  }
}

/** Names of the sounds that were rendered, in the order in which they first were. */
export const namesOf = (samples: Sample[]): string[] => [...new Set(samples.map((sample) => sample.name))]
