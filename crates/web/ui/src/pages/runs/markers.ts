// Places on the step axis of a run that are worth a line.

import type { Marker } from '$instruments/plot-options'
import { t } from '$lib/i18n'

/** Where the adversarial phase begins, for families that have one. */
export function phaseMarkers(settings: unknown): Marker[] {
  const step = (settings as { phase_1_duration?: unknown } | null)?.phase_1_duration
  return typeof step === 'number' ? [{ step, label: t('run.phase2') }] : []
}
