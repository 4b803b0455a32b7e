// Knobs as a form shows them. Whether a value will do is for the studio to say.

import type { Knob, Origin } from '$lib/api'
import { locale, t } from '$lib/i18n'

/** A value as a field shows it. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(',')
  if (value === null || value === undefined) return ''
  return String(value)
}

/** A value as a sentence shows it: with its unit, and words for yes and no. */
export function shownValue(knob: Knob, value: unknown): string {
  if (typeof value === 'boolean') return t(value ? 'form.on' : 'form.off')
  const text = textOf(value)
  if (text === '') return t('form.none')
  return knob.unit ? `${text}\u202f${knob.unit}` : text
}

export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** What was typed, as the studio is told: a number or a list of them where it reads as one, else the text, which the studio refuses in words. */
export function typedValue({ kind }: Knob, text: string): unknown {
  if (kind.type === 'integer_list') {
    const parts = text.split(/[\s,]+/).filter(Boolean)
    const list = parts.map(Number)
    return list.every(Number.isFinite) ? list : text
  }
  const n = Number(text)
  return text.trim() !== '' && Number.isFinite(n) ? n : text
}

const grouped = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 })

/** A limit of a range as people write it: `1,048,576`, `0.99999`, `1e-8`. */
export const plain = (n: number): string => (n !== 0 && Math.abs(n) < 1e-4 ? n.toExponential() : grouped.format(n))

/** Whether a limit is only what a number can hold, and means nothing. */
const isOpen = (max: number): boolean => max >= Number.MAX_SAFE_INTEGER

/** The values that a knob takes, in words; nothing where its field shows them all. */
export function rangeOf({ kind, unit }: Knob): string | undefined {
  if (kind.type === 'bool') return undefined
  if (kind.type === 'choice') return t('form.options', { list: kind.options.join(', ') })
  const span = isOpen(kind.max) ? t('form.orMore', { min: plain(kind.min) }) : t('form.span', { min: plain(kind.min), max: plain(kind.max) })
  const inUnit = unit ? `${span}\u202f${unit}` : span
  if (kind.type === 'integer' && kind.multiple_of > 1) return t('form.range', { range: t('form.spanMultiple', { span: inUnit, of: plain(kind.multiple_of) }) })
  if (kind.type !== 'integer_list') return t('form.range', { range: inUnit })
  const n = t('form.span', { min: plain(kind.len_min), max: plain(kind.len_max) })
  return t('form.range', { range: t('form.spanList', { n, span: inUnit }) })
}

/** What a knob is at by itself, and what the preset, a switch or the dataset makes of it; in the unit of its range. */
export function defaultOf(knob: Knob, base: unknown, origin?: Origin): string {
  const value = readable(knob.default)
  if (isSame(base, knob.default)) return t('form.default', { value })
  const from = origin?.from === 'switch' || origin?.from === 'dataset' ? origin.from : 'preset'
  return t('form.defaultAndBase', { value, from: t(`form.base.${from}`), base: readable(base) })
}

function readable(value: unknown): string {
  if (typeof value === 'boolean') return t(value ? 'form.on' : 'form.off')
  if (typeof value === 'number') return plain(value)
  return Array.isArray(value) && value.length > 0 ? value.map(Number).map(plain).join(', ') : textOf(value) || t('form.none')
}

/** Where a slider stands, 0 to 1; by factors for a logarithmic knob. */
export function shareOf(kind: { min: number; max: number; is_logarithmic: boolean }, value: number): number {
  const [min, max, at] = kind.is_logarithmic
    ? [Math.log(kind.min), Math.log(kind.max), Math.log(Math.max(value, kind.min))]
    : [kind.min, kind.max, value]
  return max === min ? 0 : Math.min(1, Math.max(0, (at - min) / (max - min)))
}

/** The value where a slider stands, with no more digits than it can be set to. */
export function valueAt(kind: { min: number; max: number; is_logarithmic: boolean }, share: number): number {
  const value = kind.is_logarithmic
    ? Math.exp(Math.log(kind.min) + share * (Math.log(kind.max) - Math.log(kind.min)))
    : kind.min + share * (kind.max - kind.min)
  return Number(value.toPrecision(3))
}

export interface KnobGroup {
  name: string
  knobs: Knob[]
}

/** Knobs by their headings, in the order in which the family names them. */
export function groupsOf(knobs: Knob[]): KnobGroup[] {
  const groups: KnobGroup[] = []
  for (const knob of knobs) {
    const group = groups.find((one) => one.name === knob.group)
    if (group) group.knobs.push(knob)
    else groups.push({ name: knob.group, knobs: [knob] })
  }
  return groups
}
