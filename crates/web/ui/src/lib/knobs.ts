// Knobs as shown in a form. Only the studio decides whether a value is valid.

import type { Knob, Origin } from '$lib/api'
import { locale, t } from '$lib/i18n'

/** A value as text for a field. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(',')
  if (value === null || value === undefined) return ''
  return String(value)
}

/** A value as text for a sentence: with its unit, and words for yes and no. */
export function shownValue(knob: Knob, value: unknown): string {
  if (typeof value === 'boolean') return t(value ? 'form.on' : 'form.off')
  const text = textOf(value)
  if (text === '') return t('form.none')
  return knob.unit ? `${text}\u202f${knob.unit}` : text
}

export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Typed text as the studio receives it: a number or list if it parses as one, else the text, which the studio rejects where it asks for no words. */
export function typedValue({ kind }: Knob, text: string): unknown {
  if (kind.type === 'text') return text
  if (kind.type === 'integer_list') {
    const parts = text.split(/[\s,]+/).filter(Boolean)
    const list = parts.map(Number)
    return list.every(Number.isFinite) ? list : text
  }
  const n = Number(text)
  return text.trim() !== '' && Number.isFinite(n) ? n : text
}

const grouped = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 })

/** A limit of a range in readable form: `1,048,576`, `0.99999`, `1e-8`. */
export const plain = (n: number): string => (n !== 0 && Math.abs(n) < 1e-4 ? n.toExponential() : grouped.format(n))

/** Whether a limit is merely the largest number representable, and so means nothing. */
const isOpen = (max: number): boolean => max >= Number.MAX_SAFE_INTEGER

/** The valid values of a knob, in words; undefined if its field already shows them all. */
export function rangeOf({ kind, unit }: Knob): string | undefined {
  if (kind.type === 'bool' || kind.type === 'text') return undefined
  if (kind.type === 'choice') return t('form.options', { list: kind.options.join(', ') })
  const span = isOpen(kind.max) ? t('form.orMore', { min: plain(kind.min) }) : t('form.span', { min: plain(kind.min), max: plain(kind.max) })
  const inUnit = unit ? `${span}\u202f${unit}` : span
  if (kind.type === 'integer' && kind.multiple_of > 1) return t('form.range', { range: t('form.spanMultiple', { span: inUnit, of: plain(kind.multiple_of) }) })
  if (kind.type !== 'integer_list') return t('form.range', { range: inUnit })
  const n = t('form.span', { min: plain(kind.len_min), max: plain(kind.len_max) })
  return t('form.range', { range: t('form.spanList', { n, span: inUnit }) })
}

/** A knob's default, and the value from the preset, a switch or the dataset; in the unit of its range. */
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

/** The position of a slider, 0 to 1; logarithmic for a logarithmic knob. */
export function shareOf(kind: { min: number; max: number; is_logarithmic: boolean }, value: number): number {
  const [min, max, at] = kind.is_logarithmic
    ? [Math.log(kind.min), Math.log(kind.max), Math.log(Math.max(value, kind.min))]
    : [kind.min, kind.max, value]
  return max === min ? 0 : Math.min(1, Math.max(0, (at - min) / (max - min)))
}

/** The value at a slider position, with no more digits than the slider resolves. */
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

/** Knobs grouped by heading, in the family's order. */
export function groupsOf(knobs: Knob[]): KnobGroup[] {
  const groups: KnobGroup[] = []
  for (const knob of knobs) {
    const group = groups.find((one) => one.name === knob.group)
    if (group) group.knobs.push(knob)
    else groups.push({ name: knob.group, knobs: [knob] })
  }
  return groups
}
