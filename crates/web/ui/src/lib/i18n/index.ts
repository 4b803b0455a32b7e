// Every word a person reads, by key. TypeScript checks the keys and the names in braces.

import { compose } from './en/compose'
import { dashboard } from './en/dashboard'
import { datasets } from './en/datasets'
import { exports } from './en/exports'
import { help } from './en/help'
import { imports } from './en/imports'
import { instruments } from './en/instruments'
import { models } from './en/models'
import { parts } from './en/parts'
import { runList } from './en/run-list'
import { runs } from './en/runs'
import { settings } from './en/settings'
import { shell } from './en/shell'
import { trash } from './en/trash'

const en = { ...shell, ...parts, ...compose, ...dashboard, ...datasets, ...runs, ...models, ...exports, ...help, ...imports, ...instruments, ...settings, ...trash, ...runList }

export type Key = keyof typeof en
type Names<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never
/** Keys whose text has no names in braces. */
export type PlainKey = { [K in Key]: [Names<(typeof en)[K]>] extends [never] ? K : never }[Key]
type Values<K extends Key> = Names<(typeof en)[K]>
type Args<K extends Key> = [Values<K>] extends [never] ? [] : [values: Record<Values<K>, string | number>]

/** The text of a key, its `{names}` replaced. */
export function t<K extends Key>(key: K, ...[values]: Args<K>): string {
  const text: string = en[key]
  if (!values) return text
  return text.replace(/\{(\w+)\}/g, (all, name: string) => String((values as Record<string, unknown>)[name] ?? all))
}

type Counted = Extract<Key, `${string}_one`> extends `${infer Stem}_one` ? Stem : never

/** A text that depends on a count: `key_one` for one, `key_other` for the rest; `{n}` is the count. */
export function tn(key: Counted, n: number, shown: string = new Intl.NumberFormat(locale).format(n)): string {
  const form = new Intl.PluralRules(locale).select(n) === 'one' ? 'one' : 'other'
  const text: string = en[`${key}_${form}` as Key]
  return text.replaceAll('{n}', shown)
}

/** The locale of numbers and dates: the reader's own flavour of the language of the texts. */
export const locale: string = readersEnglish()

function readersEnglish(): string {
  const wanted = typeof navigator === 'undefined' ? 'en' : navigator.language
  return wanted.startsWith('en') ? wanted : 'en'
}
