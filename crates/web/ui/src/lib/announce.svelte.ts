// What screen readers are told, politely: milestones, never every tick.

import type { Job } from '$lib/api'
import { percent } from '$lib/format'
import { t } from '$lib/i18n'

let said = $state('')

/** The text of the live region. */
export const announcement = {
  get text(): string {
    return said
  },
}

/** Says it once. The same text said twice is heard twice. */
export function announce(text: string): void {
  // A live region is read when its text changes; an invisible mark makes a repeat a change.
  said = said === text ? `${text}\u200b` : text
}

const QUARTERS = [0.25, 0.5, 0.75]

/** Says what changed between two looks at a job, if it is worth saying. */
export function announceJob(before: Job | undefined, after: Job): void {
  const text = newsOf(before, after)
  if (text) announce(text)
}

/** The news between two looks at a job: its start, each quarter, its end. */
export function newsOf(before: Job | undefined, after: Job): string | undefined {
  const name = after.name
  if (before?.state.state !== after.state.state) {
    switch (after.state.state) {
      case 'running':
        return t('jobs.announceStart', { name })
      case 'done':
        return t('jobs.announceDone', { name })
      case 'stopped':
        return t('jobs.announceStopped', { name })
      case 'failed':
        return t('jobs.announceFailed', { name, what: after.state.problem.what })
      case 'interrupted':
        return t('jobs.announceInterrupted', { name })
      default:
        return undefined
    }
  }
  const [from, to] = [before?.progress?.share ?? 0, after.progress?.share ?? 0]
  const passed = QUARTERS.findLast((quarter) => from < quarter && to >= quarter)
  return passed === undefined ? undefined : t('jobs.announceShare', { name, share: percent(passed) })
}
