// Kinds of work of a step: their fields, what they use, and what they say in words.

import '../create/en'
import './en'

import type { FlowIfFails, FlowNumber, FlowOtherwise, FlowPlan, FlowStep, FlowWork } from '$lib/api'
import { number } from '$lib/format'
import { t } from '$lib/i18n'

export type Do = FlowWork['do']

/** A field of a kind of work, and how it is filled in. */
export interface Field {
  name: string
  is: 'text' | 'prompt' | 'keys' | 'key' | 'whole' | 'number' | 'secs' | 'flag' | 'tags' | 'way' | 'model' | 'begin'
  least?: number
  most?: number
  /** Whether it may be absent. */
  isOptional?: boolean
}

const sounds: Field = { name: 'sounds', is: 'keys' }
const count: Field = { name: 'count', is: 'whole', least: 1, most: 64 }
const model: Field = { name: 'model', is: 'model', isOptional: true }

/** In the order in which a form has them. */
export const FIELDS: Record<Do, readonly Field[]> = {
  find: [{ name: 'words', is: 'text' }, { name: 'like', is: 'keys' }, { name: 'best_rated', is: 'flag' }, { name: 'n', is: 'whole', least: 1, most: 500 }],
  analyse: [sounds],
  describe: [{ name: 'from', is: 'keys' }, { name: 'words', is: 'text' }],
  generate: [{ name: 'prompt', is: 'prompt' }, { name: 'secs', is: 'secs' }, count, model, { name: 'steps', is: 'whole', least: 1, most: 1000, isOptional: true }, { name: 'begin', is: 'begin', isOptional: true }],
  through: [sounds, model, { name: 'vary', is: 'number', least: 0, most: 2 }, count],
  blend: [sounds, { name: 'way', is: 'way' }, model, { name: 'secs', is: 'secs', isOptional: true }, count, { name: 'rhythm', is: 'key', isOptional: true }, { name: 'first_gain_db', is: 'number', least: -60, most: 40 }, { name: 'grain_secs', is: 'number', least: 0.01, most: 1, isOptional: true }, { name: 'scatter_secs', is: 'number', least: 0, most: 10, isOptional: true }],
  test: [sounds, { name: 'like', is: 'keys' }, { name: 'likeness', is: 'number', least: -1, most: 1, isOptional: true }, { name: 'loudness_lufs', is: 'number', least: -70, most: 0, isOptional: true }, { name: 'most', is: 'whole', least: 1, most: 64, isOptional: true }],
  choose: [sounds, { name: 'question', is: 'text' }],
  keep: [sounds, { name: 'name', is: 'text' }, { name: 'tags', is: 'tags' }, { name: 'remember', is: 'flag' }],
}
export const KINDS = Object.keys(FIELDS) as Do[]
export const WAYS = ['grains', 'spectra', 'latents', 'path', 'layers'] as const
/** Ways to blend that need a model. */
export const isOfModel = (way: string | undefined): boolean => way === 'latents' || way === 'path'
export const BEGINS = ['continue', 'vary', 'fill', 'melody'] as const
export const IF_FAILS: readonly FlowIfFails[] = ['wait', 'skip', 'stop']
export const TRIES: readonly FlowOtherwise['try'][] = ['another_model', 'fewer_steps', 'again', 'instead']

const EMPTY: Record<Do, FlowWork> = {
  find: { do: 'find', words: '', like: [], best_rated: false, n: 10 },
  analyse: { do: 'analyse', sounds: [] },
  describe: { do: 'describe', from: [], words: '' },
  generate: { do: 'generate', prompt: '', secs: 8, count: 1 },
  through: { do: 'through', sounds: [], vary: 0, count: 1 },
  blend: { do: 'blend', sounds: [], way: 'grains', count: 1, first_gain_db: 0 },
  test: { do: 'test', sounds: [], like: [] },
  choose: { do: 'choose', sounds: [], question: '' },
  keep: { do: 'keep', sounds: [], name: '', tags: [], remember: false },
}

/** Any work as its fields by name. */
export const fieldsOf = (work: FlowWork): Record<string, unknown> => work as unknown as Record<string, unknown>

/** Work of a kind, with what another has in fields of the same name. */
export function workOf(kind: Do, from?: FlowWork): FlowWork {
  const before = from ? fieldsOf(from) : {}
  const same = FIELDS[kind].flatMap(({ name }) => (before[name] === undefined || before[name] === null ? [] : [[name, before[name]] as const]))
  return { ...EMPTY[kind], ...Object.fromEntries(same) } as FlowWork
}

/** Work with another value of a field; `undefined` takes the field away. */
export function withField(work: FlowWork, name: string, value: unknown): FlowWork {
  const { [name]: _, ...rest } = fieldsOf(work)
  return (value === undefined ? rest : { ...rest, [name]: value }) as unknown as FlowWork
}

/** Keys that a text names: `words` and `listen` of `{words}, in {listen.key|C}`. */
export const keysIn = (text: string): string[] => [...text.matchAll(/\{\s*([^}.|\s]+)[^}]*\}/g)].map(([, key]) => key ?? '')

/** A new key, unlike those that are taken: `blend`, `blend_2`. */
export function freshKey(stem: string, taken: readonly string[]): string {
  if (!taken.includes(stem)) return stem
  for (let i = 2; ; i++) if (!taken.includes(`${stem}_${i}`)) return `${stem}_${i}`
}

export const isKey = (key: string): boolean => /^[a-z][a-z0-9_]{0,31}$/.test(key)

/** All keys of a flow, inputs first. */
export const keysOf = (plan: FlowPlan): string[] => [...(plan.inputs ?? []), ...plan.steps].map(({ key }) => key)

/** A flow in which a key has another name wherever it is used. */
export function renamed(plan: FlowPlan, from: string, to: string): FlowPlan {
  if (from === to || !from) return plan
  const escaped = from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const named = new RegExp(`(\\{\\s*)${escaped}(?=\\s*[}.|])`, 'g')
  const text = (value: string) => value.replace(named, `$1${to}`)
  const key = (value: string) => (value === from ? to : value)
  const work = (one: FlowWork): FlowWork => {
    const changed = FIELDS[one.do].map(({ name, is }): [string, unknown] => {
      const value = fieldsOf(one)[name]
      if (is === 'keys') return [name, (value as string[] | undefined)?.map(key)]
      if (is === 'key' && typeof value === 'string') return [name, key(value)]
      if (is === 'begin' && value) return [name, { ...value, from: key((value as { from: string }).from) }]
      return [name, (is === 'text' || is === 'prompt' || is === 'secs') && typeof value === 'string' ? text(value) : value]
    })
    return { ...one, ...Object.fromEntries(changed.filter(([, value]) => value !== undefined)) } as FlowWork
  }
  const steps = plan.steps.map(
    (step): FlowStep => ({
      ...step,
      key: key(step.key),
      work: work(step.work),
      ...(step.after ? { after: step.after.map(key) } : {}),
      ...(step.otherwise ? { otherwise: step.otherwise.map((other) => (other.try === 'instead' ? { ...other, work: work(other.work) } : other)) } : {}),
    }),
  )
  return { ...plan, inputs: (plan.inputs ?? []).map((input) => ({ ...input, key: key(input.key) })), steps }
}

/** A number that was typed, or a text that names one; undefined for nothing. */
export function numberOf(text: string): FlowNumber | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  const value = Number(trimmed.replace(',', '.'))
  return Number.isFinite(value) ? value : trimmed
}

export interface Line {
  title: string
  value: string
}
type Label = (key: string) => string

/** What work says, field by field; `label` is what a key is called, `fill` fills in a text that names what is known. */
export function linesOf(work: FlowWork, label: Label, modelName: Label = (id) => id, fill: Label = (text) => text): Line[] {
  return FIELDS[work.do].flatMap(({ name, is }): Line[] => {
    const value = fieldsOf(work)[name]
    const text = said(is, typeof value === 'string' ? fill(value) : value, label, modelName)
    return text ? [{ title: t(`flowField.${name}` as 'flowField.sounds'), value: text }] : []
  })
}

function said(is: Field['is'], value: unknown, label: Label, modelName: Label): string {
  if (value === undefined || value === null || value === '' || value === false) return ''
  switch (is) {
    case 'keys':
      return (value as string[]).map(label).join(', ')
    case 'key':
      return label(String(value))
    case 'tags':
      return (value as string[]).join(', ')
    case 'flag':
      return t('flow.yes')
    case 'way':
      return t(`blend.way.${value as (typeof WAYS)[number]}`)
    case 'model':
      return modelName(String(value))
    case 'begin': {
      const { from, how, strength } = value as { from: string; how: (typeof BEGINS)[number]; strength?: number | null }
      return [label(from), t(`flowBegin.${how}`), typeof strength === 'number' ? number(strength) : ''].filter(Boolean).join(', ')
    }
    case 'number':
      return value === 0 ? '' : number(value as number)
    default:
      return typeof value === 'number' ? number(value) : String(value)
  }
}

/** What is tried otherwise, in a few words each. */
export const otherwiseText = (other: FlowOtherwise): string => (other.try === 'instead' ? t('flow.tryInstead', { what: t(`flowWork.${other.work.do}`) }) : t(`flowTry.${other.try}`))

/** What a step, or an input, is called. */
export const labelsOf = (plan: FlowPlan): Label => {
  const names = new Map([...(plan.inputs ?? []), ...plan.steps].map(({ key, label }) => [key, label || key]))
  return (key) => names.get(key) ?? key
}
