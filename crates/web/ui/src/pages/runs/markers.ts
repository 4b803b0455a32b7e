// Steps of a run that are worth marking with a line.

import './en'

import type { Marker } from '$instruments/plot-options'
import type { RunDetail } from '$lib/api'
import { t } from '$lib/i18n'

/** Where later phases began, and where the next one will begin, if known. */
export function phaseMarkers({ phases }: Pick<RunDetail, 'phases'>): Marker[] {
  const begun = phases.filter(({ number }) => number > 1).map(({ number, step }) => ({ step, label: t('run.phase', { n: number }) }))
  const now = phases.at(-1)
  return now?.until_step == null ? begun : [...begun, { step: now.until_step, label: t('run.phase', { n: now.number + 1 }) }]
}
