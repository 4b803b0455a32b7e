// A pattern while a person corrects it.

import type { Pattern, PatternEdit } from '$lib/api'

/** What is set on its page. */
export interface Draft {
  start: number
  end: number
  low: number
  high: number
  kind: string
  tags: readonly string[]
}

/** The shortest pattern, in seconds. */
export const SHORTEST_SECS = 0.02

export const draftOf = ({ start_secs, end_secs, low_hz, high_hz, kind, tags }: Pattern): Draft => ({ start: start_secs, end: end_secs, low: low_hz, high: high_hz, kind, tags: tags ?? [] })

/** Differences below these come from rounding. */
const SECS = 5e-4
const HZ = 0.5

/** What a draft changes of a pattern. */
export function editOf(draft: Draft, pattern: Pattern): PatternEdit {
  const before = draftOf(pattern)
  const kind = draft.kind.trim()
  return {
    ...(Math.abs(draft.start - before.start) > SECS ? { start_secs: draft.start } : {}),
    ...(Math.abs(draft.end - before.end) > SECS ? { end_secs: draft.end } : {}),
    ...(Math.abs(draft.low - before.low) > HZ ? { low_hz: draft.low } : {}),
    ...(Math.abs(draft.high - before.high) > HZ ? { high_hz: draft.high } : {}),
    ...(kind && kind !== before.kind ? { kind } : {}),
    ...(draft.tags.join('\n') !== before.tags.join('\n') ? { tags: [...draft.tags] } : {}),
  }
}

/** The edit that takes another one back. */
export function backOf(edit: PatternEdit, before: Pattern): PatternEdit {
  const { start_secs, end_secs, low_hz, high_hz, kind, tags } = before
  const all: PatternEdit = { start_secs, end_secs, low_hz, high_hz, kind, tags: tags ?? [] }
  return Object.fromEntries(Object.entries(all).filter(([name]) => name in edit)) as PatternEdit
}

/** What cannot be saved. */
export function wrongOf({ start, end, low, high }: Draft): 'ends' | 'range' | undefined {
  if (!(start >= 0 && end - start >= SHORTEST_SECS - 1e-9)) return 'ends'
  return low >= 0 && low < high ? undefined : 'range'
}

/** The part of a sound that is shown around a pattern at first. */
export function surroundings({ start, end }: Pick<Draft, 'start' | 'end'>, lengthSecs: number): { start: number; end: number } {
  const around = Math.max(1, end - start)
  const from = Math.max(0, Math.min(start, lengthSecs) - around)
  return { start: from, end: Math.max(from + 0.001, Math.min(lengthSecs, end + around)) }
}
