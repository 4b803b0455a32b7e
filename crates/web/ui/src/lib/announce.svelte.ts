// Polite announcements for screen readers: milestones, not every bit of progress.

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

/** Announces a text. Repeated texts are announced again. */
export function announce(text: string): void {
  // A live region is read when its text changes; an invisible character makes a repeat a change.
  said = said === text ? `${text}\u200b` : text
}

const QUARTERS = [0.25, 0.5, 0.75]

/** Announces what changed in a job, if it is worth mentioning. */
export function announceJob(before: Job | undefined, after: Job): void {
  const text = newsOf(before, after)
  if (text) announce(text)
}

/** The news between two states of a job: its start, each quarter, its end. */
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
