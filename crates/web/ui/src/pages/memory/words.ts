// What is known of a pattern, in words; and searches that are clicked together.

import './en'

import type { Pattern } from '$lib/api'
import { clock, lengthInColumn, level, percent } from '$lib/format'
import { locale, t } from '$lib/i18n'

/** The kinds that patterns are cut as; a person may use words of their own. */
export const KINDS = ['stochastic', 'granular', 'spectral', 'textural', 'rhythmic', 'harmonic', 'atmospheric'] as const

const fixed = (digits: number) => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })
const [integers, hundredths] = [fixed(0), fixed(2)]
/** `440 Hz`, `1.50 kHz` */
export const hertz = (hz: number): string => (hz < 999.5 ? `${integers.format(hz)}\u202fHz` : `${hundredths.format(hz / 1000)}\u202fkHz`)
/** `120 BPM` */
export const tempo = (bpm: number): string => `${integers.format(bpm)}\u202fBPM`
/** A place in a sound: `0:02.00`. */
export function moment(secs: number): string {
  const all = Math.round(100 * Math.max(0, secs))
  return `${clock(all / 100)}.${String(all % 100).padStart(2, '0')}`
}
export const similar = (share: number): string => t('memory.similarity', { percent: percent(share) })

type Placed = Pick<Pattern, 'start_secs'> & { source: Pick<Pattern['source'], 'name'> }
/** What a pattern is called: its sound, and where it begins there. */
export const nameOf = ({ source, start_secs }: Placed): string => t('pattern.at', { name: source.name, start: moment(start_secs) })

/** The facts that a list shows. */
export function factsOf({ kind, start_secs, end_secs, facts }: Pattern): string[] {
  const { tempo_bpm } = facts ?? {}
  return [kind, lengthInColumn(end_secs - start_secs), ...(typeof tempo_bpm === 'number' ? [tempo(tempo_bpm)] : []), ...(facts ? [hertz(facts.brightness_hz ?? 0), level(facts.level_db ?? 0)] : [])]
}

/** How sure the ends and the kind of a pattern are, in sentences. */
export function sureOf({ confidence, kind_confidence, kind, is_by_hand }: Pattern): string[] {
  const ends = is_by_hand && confidence === 1 ? t('pattern.sureEndsByHand') : t('pattern.sureEnds', { percent: percent(confidence) })
  const isOurs = (KINDS as readonly string[]).includes(kind)
  const ofKind = is_by_hand && kind_confidence === 1 ? [] : [isOurs ? t('pattern.sureKind', { percent: percent(kind_confidence), kind }) : t('pattern.sureKindWord', { percent: percent(kind_confidence) })]
  return [ends, ...ofKind, ...(is_by_hand ? [t('pattern.sureKindByHand')] : [])]
}

/** The parts of a search, as they stand between commas. */
export const partsOf = (words: string): string[] => words.split(/[,;]/).map((part) => part.trim()).filter(Boolean)

/** A kind or a tag that has to be there, whole. */
export const whole = (word: string): string => `"${word.replaceAll('"', '')}"`

const bare = (word: string): string => word.replaceAll('"', '').toLowerCase()
const isSame = (a: string, b: string): boolean => bare(a) === bare(b)
export const hasPart = (words: string, part: string): boolean => partsOf(words).some((one) => isSame(one, part))
/** A search with a part added, or taken away if it is in it. */
export function toggledPart(words: string, part: string): string {
  const parts = partsOf(words)
  return (hasPart(words, part) ? parts.filter((one) => !isSame(one, part)) : [...parts, part]).join(', ')
}
/** A search with another kind or tag in the place of one, or without it. */
export function withPart(words: string, old: string | undefined, part: string): string {
  const without = partsOf(words).filter((one) => old === undefined || !isSame(one, old))
  return (part ? [...without, whole(part)] : without).join(', ')
}
/** The first of some words that a search has as a part by itself. */
export const chosenOf = (words: string, all: readonly string[]): string | undefined => all.find((one) => hasPart(words, one))

/** Words typed with commas between them, each once. */
export const typedWords = (text: string): string[] => [...new Set(partsOf(text))]
