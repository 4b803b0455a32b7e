// All user-visible text, by key: the app's here, a feature's in its folder, loaded with its pages. TypeScript checks keys and placeholders.

import type { createPages } from '../../pages/create/en'
import type { dashboard } from '../../pages/dashboard/en'
import type { dawPages } from '../../pages/daw/en'
import type { datasets } from '../../pages/datasets/en'
import type { exports } from '../../pages/exports/en'
import type { familyPages } from '../../pages/family/en'
import type { films } from '../../pages/films/en'
import type { flowPages } from '../../pages/flows/en'
import type { games } from '../../pages/games/en'
import type { play } from '../../pages/play/en'
import type { healthPages } from '../../pages/health/en'
import type { helpPages } from '../../pages/help/en'
import type { importPages } from '../../pages/import/en'
import type { jobs } from '../../pages/jobs/en'
import type { libraryPages } from '../../pages/library/en'
import type { memoryPages } from '../../pages/memory/en'
import type { notesPages } from '../../pages/notes/en'
import type { models } from '../../pages/models/en'
import type { projectPages } from '../../pages/projects/en'
import type { runPages } from '../../pages/runs/en'
import type { session } from '../../pages/session/en'
import type { settings } from '../../pages/settings/en'
import type { workbenchPages } from '../../pages/workbench/en'

import { compose } from './en/compose'
import { help } from './en/help'
import { imports } from './en/imports'
import { instruments } from './en/instruments'
import { metrics } from './en/metrics'
import { parts } from './en/parts'
import { projects } from './en/projects'
import { runList } from './en/run-list'
import { shell } from './en/shell'
import { trash } from './en/trash'

const en = { ...shell, ...parts, ...compose, ...projects, ...metrics, ...help, ...imports, ...instruments, ...trash, ...runList }
/** All texts loaded so far. */
const said: Record<string, string> = { ...en }

/** Adds a feature's texts. Code that uses one of them imports the file that contains it. */
export function say<const W extends Record<string, string>>(words: W): W {
  Object.assign(said, words)
  return words
}

type Words = typeof en & typeof createPages & typeof datasets & typeof dawPages & typeof exports & typeof familyPages & typeof films & typeof flowPages & typeof games & typeof play & typeof jobs & typeof libraryPages & typeof memoryPages & typeof notesPages & typeof models & typeof projectPages & typeof dashboard & typeof healthPages & typeof helpPages & typeof importPages & typeof runPages & typeof session & typeof settings & typeof workbenchPages
export type Key = keyof Words
type Names<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never
/** Keys of texts without placeholders. */
export type PlainKey = { [K in Key]: [Names<Words[K]>] extends [never] ? K : never }[Key]
type Values<K extends Key> = Names<Words[K]>
type Args<K extends Key> = [Values<K>] extends [never] ? [] : [values: Record<Values<K>, string | number>]

/** The text for a key, its `{names}` replaced. */
export function t<K extends Key>(key: K, ...[values]: Args<K>): string {
  const text = said[key] as string
  if (!values) return text
  return text.replace(/\{(\w+)\}/g, (all, name: string) => String((values as Record<string, unknown>)[name] ?? all))
}

/** Stems of texts that depend on a count. */
export type Counted = Extract<Key, `${string}_one`> extends `${infer Stem}_one` ? Stem : never

/** A text that depends on a count: `key_one` for one, `key_other` for the rest; `{n}` is the count. */
export function tn(key: Counted, n: number, shown: string = new Intl.NumberFormat(locale).format(n)): string {
  const form = new Intl.PluralRules(locale).select(n) === 'one' ? 'one' : 'other'
  const text = said[`${key}_${form}`] as string
  return text.replaceAll('{n}', shown)
}

/** The locale for numbers and dates: the user's own variant of the texts' language. */
export const locale: string = readersEnglish()

function readersEnglish(): string {
  const wanted = typeof navigator === 'undefined' ? 'en' : navigator.language
  return wanted.startsWith('en') ? wanted : 'en'
}
