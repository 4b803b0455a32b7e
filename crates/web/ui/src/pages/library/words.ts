// What is known of a sound, in words.

import './en'

import { percent } from '$lib/format'
import { locale, t } from '$lib/i18n'

const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
const signed = (value: number) => tenths.format(value).replace('-', '−')

/** `120.5 BPM` */
export const tempo = (bpm: number): string => t('library.bpm', { bpm: tenths.format(bpm) })

/** `−14.2 LUFS` */
export const lufs = (value: number): string => t('library.lufs', { value: signed(value) })

/** `3.2 LU` */
export const lu = (value: number): string => `${tenths.format(value)}\u202fLU`

/** `−1.2 dBTP` */
export const truePeak = (value: number): string => `${signed(value)}\u202fdBTP`

/** `+12 cents` */
export const cents = (value: number): string => `${value >= 0 ? '+' : ''}${signed(Math.round(value))}\u202fcents`

/** `80% sure` */
export const sure = (confidence: number): string => t('item.sure', { percent: percent(confidence) })

/** `83% similar` */
export const similar = (share: number): string => t('similar.share', { percent: percent(share) })

/** The sound that a search compares others with, if it does. */
export const likeOf = (query: string): string | undefined => /(?:^|\s)like[:=]([a-z0-9-]+)(?=\s|$)/i.exec(query)?.[1]

/** Words typed with commas between them, each once. */
export function typedWords(text: string): string[] {
  const words = text.split(',').map((word) => word.trim())
  return [...new Set(words.filter(Boolean))]
}

/** The name of a chord as musicians write it: `Am` from `A:min`. */
export function chordName(label: string): string {
  const [root = '', quality = ''] = label.split(':')
  const short: Record<string, string> = { maj: '', min: 'm', '7': '7', maj7: 'maj7', min7: 'm7', dim: 'dim', aug: 'aug', '': '' }
  return label === 'N' ? '–' : `${root}${short[quality] ?? quality}`
}

/** A search with a part added, or taken away if it is in it. */
export function toggled(query: string, part: string): string {
  const parts = query.split(/\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/).filter(Boolean)
  return (parts.includes(part) ? parts.filter((one) => one !== part) : [...parts, part]).join(' ')
}

/** A field of a search with its value, in quotation marks if it needs them. */
export const fieldOf = (field: string, value: string): string => `${field}:${/[\s"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value}`

/** Places of the beats of a sound that lie between two times, and whether each begins a bar. */
export function marksIn(beats: readonly number[], downbeats: readonly number[], from: number, to: number): { at: number; isFirst: boolean; index: number }[] {
  const marks = []
  let next = 0
  for (const [index, at] of beats.entries()) {
    while (next < downbeats.length && downbeats[next]! < at - 0.02) next++
    if (at >= from && at <= to) marks.push({ at, index, isFirst: next < downbeats.length && Math.abs(downbeats[next]! - at) < 0.02 })
  }
  return marks
}
