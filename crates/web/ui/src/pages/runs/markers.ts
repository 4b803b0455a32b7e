// Places on the step axis of a run that are worth a line.

import type { Marker } from '$instruments/plot-options'
import type { RunDetail } from '$lib/api'
import { t } from '$lib/i18n'

import { familyPart } from '../../families'

/** Where later phases begin, for families that have them. */
export function phaseMarkers({ family, settings }: Pick<RunDetail, 'family' | 'settings'>): Marker[] {
  const steps = familyPart(family).phases((settings ?? {}) as Record<string, unknown>)
  return steps.map((step, i) => ({ step, label: t('run.phase', { n: i + 2 }) }))
}
