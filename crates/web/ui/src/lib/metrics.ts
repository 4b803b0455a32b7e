// What the numbers of a run are called.

import { type Key, t } from '$lib/i18n'

type MetricKey = Extract<Key, `metric.${string}`>

/** The metric's name as people read it; its own if nobody has written one yet. */
export function metricTitle(name: string): string {
  const title: string | undefined = t(`metric.${name}` as MetricKey)
  return title ?? name
}
