// Whether a run fits into free memory, and changes that would make it fit.

import './en'

import type { MemoryAdvice, MemoryForecast } from '$lib/api'
import { bytes } from '$lib/format'
import { t } from '$lib/i18n'

/** The memory of the most demanding phase. */
export const neededBytes = ({ phase_bytes }: MemoryForecast): number => Math.max(0, ...phase_bytes)

/** `Use batch size 4 (about 5.2 GB)` */
export function adviceText({ title, memory_bytes }: MemoryAdvice): string {
  const change = title.charAt(0).toLowerCase() + title.slice(1)
  return t('memory.use', { change, memory: bytes(memory_bytes) })
}
