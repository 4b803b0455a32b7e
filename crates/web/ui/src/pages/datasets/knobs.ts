// The settings of a new dataset as knobs, so that they use the same form as a model's.

import './en'

import type { FieldProblem, Knob, NewDataset } from '$lib/api'
import { t } from '$lib/i18n'
import { plain } from '$lib/knobs'

const knob = (key: string, rest: Omit<Knob, 'key' | 'group' | 'is_advanced' | 'unit'> & Partial<Knob>): Knob => ({
  key,
  group: '',
  is_advanced: false,
  unit: '',
  ...rest,
})

export const datasetKnobs: Knob[] = [
  knob('rate_hz', {
    title: t('knob.rate'),
    help: t('knob.rateHelp'),
    unit: 'Hz',
    kind: { type: 'integer', min: 8000, max: 192_000, multiple_of: 1 },
    default: 44_100,
  }),
  knob('channels', {
    title: t('knob.channels'),
    help: t('knob.channelsHelp'),
    kind: { type: 'choice', options: [t('knob.mono'), t('knob.stereo')] },
    default: t('knob.mono'),
  }),
  knob('validation_share', {
    title: t('knob.validation'),
    help: t('knob.validationHelp'),
    is_advanced: true,
    kind: { type: 'number', min: 0, max: 0.5, is_logarithmic: false },
    default: 0.1,
  }),
  knob('seed', {
    title: t('knob.seed'),
    help: t('knob.seedHelp'),
    is_advanced: true,
    kind: { type: 'integer', min: 0, max: Number.MAX_SAFE_INTEGER, multiple_of: 1 },
    default: 0,
  }),
]

/** The values of the form, including unchanged ones. */
export function settingsOf(changes: Record<string, unknown>) {
  const of = (key: string) => changes[key] ?? datasetKnobs.find((one) => one.key === key)?.default
  return { rateHz: Number(of('rate_hz')), channels: String(of('channels')), validationShare: Number(of('validation_share')) }
}

/** The errors in the form. The studio parses these values as plain numbers, so nothing else must reach it. */
export function wrongSettings(changes: Record<string, unknown>): FieldProblem[] {
  return datasetKnobs.flatMap(({ key, kind }) => {
    const n = changes[key]
    if (n === undefined || (kind.type !== 'integer' && kind.type !== 'number')) return []
    const message = wrongNumber(n, kind)
    return message ? [{ key, message }] : []
  })
}

function wrongNumber(n: unknown, { type, min, max }: { type: string; min: number; max: number }): string | undefined {
  if (type === 'integer' ? !Number.isInteger(n) : typeof n !== 'number') return t(type === 'integer' ? 'form.wholeNumber' : 'form.number')
  if (Number(n) >= min && Number(n) <= max) return undefined
  return max === Number.MAX_SAFE_INTEGER ? t('form.wholeAtLeast', { min: plain(min) }) : t('form.between', { min: plain(min), max: plain(max) })
}

/** The form's values as the request expects them. */
export function orderOf(changes: Record<string, unknown>): Partial<NewDataset> {
  const { channels, ...rest } = changes
  return channels === undefined ? rest : { ...rest, channels: channels === t('knob.stereo') ? 2 : 1 }
}
