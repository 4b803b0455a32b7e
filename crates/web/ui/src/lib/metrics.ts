// Readable names of a run's metrics.

import { percent } from '$lib/format'
import { type PlainKey, t } from '$lib/i18n'

type MetricKey = Extract<PlainKey, `metric.${string}`>

/** `latent_fidelity_0.95` */
const FIDELITY = /^latent_fidelity_(0\.\d+|1)$/

/** A metric's title. A metric from elsewhere, which has none, gets its name spelled out. */
export function metricTitle(name: string): string {
  const [, share] = FIDELITY.exec(name) ?? []
  if (share) return t('metric.latentFidelity', { share: percent(Number(share)) })
  const title: string | undefined = t(`metric.${name}` as MetricKey)
  return title ?? spelt(name)
}

/** `epoch_train` → `Epoch train` */
function spelt(name: string): string {
  const words = name.replaceAll('_', ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
