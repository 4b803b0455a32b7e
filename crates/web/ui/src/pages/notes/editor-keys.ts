// What arrow keys do in the editor of notes, and how places are read aloud.

import './en'

import type { Axis } from '$instruments/note-axis'
import { t } from '$lib/i18n'

/** Which way an arrow key moves notes: steps in time, keys in pitch; undefined for other keys. */
export function stepOfKey({ key }: Pick<KeyboardEvent, 'key'>): { steps: number; keys: number } | undefined {
  const ways: Record<string, { steps: number; keys: number }> = {
    ArrowLeft: { steps: -1, keys: 0 },
    ArrowRight: { steps: 1, keys: 0 },
    ArrowUp: { steps: 0, keys: 1 },
    ArrowDown: { steps: 0, keys: -1 },
  }
  return ways[key]
}

/** A place in words: bar and beat, or seconds where there are no bars. */
export function placeText(axis: Axis, at: number): string {
  const place = axis.isWhole ? axis.barOf(at) : undefined
  if (!place) return t('edit.secs', { secs: axis.secsOf(at).toFixed(3) })
  return t('edit.bar', { bar: place.bar, beat: String(Math.round(100 * place.beat) / 100) })
}
