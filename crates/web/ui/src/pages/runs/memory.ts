// Whether a run fits the memory that is free, and what would make it fit.

import type { RunForecast } from '$lib/api'
import { bytes } from '$lib/format'
import { t } from '$lib/i18n'

/** A change that takes less memory. */
export interface MemoryAdvice {
  /** `Batch size 4` */
  title: string
  settings: Record<string, unknown>
  memory_bytes: number
}

export interface MemoryForecast {
  phase_1_bytes: number
  phase_2_bytes: number
  /** Unknown where the system does not say. */
  free_bytes: number | null
  level: 'fits' | 'tight' | 'too_large' | 'unknown'
  /** Best first. */
  advice: MemoryAdvice[]
}

/** Beyond this share of what is free, other programs are in the way. */
const TIGHT = 0.9

/** What the studio says of memory; from the sum alone where it says no more. */
export function memoryOf(forecast: RunForecast & { memory?: unknown }, freeBytes?: number): MemoryForecast {
  const said = forecast.memory as Partial<MemoryForecast> | undefined
  const needed = forecast.memory_bytes
  const free = said?.free_bytes ?? freeBytes ?? null
  return {
    phase_1_bytes: said?.phase_1_bytes ?? needed,
    phase_2_bytes: said?.phase_2_bytes ?? needed,
    free_bytes: free,
    level: said?.level ?? levelOf(needed, free),
    advice: said?.advice ?? [],
  }
}

/** The larger of both phases. */
export const neededBytes = ({ phase_1_bytes, phase_2_bytes }: MemoryForecast): number => Math.max(phase_1_bytes, phase_2_bytes)

/** `Use batch size 4 (about 5.2 GB)` */
export function adviceText({ title, memory_bytes }: MemoryAdvice): string {
  const change = title.charAt(0).toLowerCase() + title.slice(1)
  return t('memory.use', { change, memory: bytes(memory_bytes) })
}

function levelOf(needed: number, free: number | null): MemoryForecast['level'] {
  if (free === null) return 'unknown'
  if (needed > free) return 'too_large'
  return needed > TIGHT * free ? 'tight' : 'fits'
}
