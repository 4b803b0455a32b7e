// When a run stops by itself, in words.

import './en'

import type { Limit } from '$lib/api'
import { count, duration } from '$lib/format'
import { t } from '$lib/i18n'

/** `after 10 min of training`, `at step 12,000`, `when you stop it` */
export function limitText(limit: Limit): string {
  switch (limit.until) {
    case 'minutes':
      return t('limit.afterMinutes', { time: duration(limit.minutes * 60) })
    case 'steps':
      return t('limit.atStep', { step: count(limit.steps) })
    case 'forever':
      return t('limit.never')
  }
}
