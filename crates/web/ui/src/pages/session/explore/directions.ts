// The names of directions: their number, and what they go with.

import { number } from '$lib/format'
import { t } from '$lib/i18n'

import '../en'
import type { DirectionSpread } from '../words'

/** From this correlation on a direction is named after what it goes with. */
const STRONG = 0.4
const WITH = ['louder', 'higher', 'brighter'] as const
const AGAINST = ['softer', 'lower', 'darker'] as const

/** `2 · brighter`: the number of a direction from 1, and what happens where it grows. */
export function directionTitle(direction: number, spread: DirectionSpread | undefined): string {
  const name = number(direction + 1)
  const strongest = (spread?.goes_with ?? []).reduce((best, value, i, all) => (Math.abs(value) > Math.abs(all[best] ?? 0) ? i : best), 0)
  const value = spread?.goes_with[strongest] ?? 0
  if (Math.abs(value) < STRONG) return t('direction.plain', { n: name })
  const words = value > 0 ? WITH : AGAINST
  return t('direction.named', { n: name, what: t(`direction.${words[strongest] ?? 'louder'}`) })
}
