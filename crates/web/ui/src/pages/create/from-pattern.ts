// The pattern of the memory that an address names, as a chosen sound, or as a gap in its whole sound.

import { pattern as askForPattern } from '$lib/api/memory'

import { nameOf } from '../memory/words'
import type { Chosen } from './draft'

export async function chosenPattern(id: string, signal?: AbortSignal): Promise<Chosen> {
  return { place: { in: 'pattern', id }, name: nameOf((await askForPattern(id, signal)).pattern) }
}

/** The whole sound of a pattern, with the pattern as the gap that is filled; as long as the last pattern of the sound reaches. */
export async function gapOfPattern(id: string, signal?: AbortSignal): Promise<{ start: Chosen; gap: [number, number]; secs: number }> {
  const { pattern, siblings } = await askForPattern(id, signal)
  const end = Math.max(pattern.end_secs, ...siblings.map(({ end_secs }) => end_secs))
  return { start: { place: { in: 'file', path: pattern.source.path }, name: pattern.source.name }, gap: [pattern.start_secs, pattern.end_secs], secs: Math.ceil(end * 10) / 10 }
}
