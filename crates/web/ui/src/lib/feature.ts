// What a folder of src/pages contributes: pages, an entry in the rail, kinds of job, and palette results.

import type { Component } from 'svelte'

import type { Job, JobKind } from '$lib/api'
import type { Counted, PlainKey } from '$lib/i18n'

interface Module {
  default: Component<{ params: Record<string, string> }> | Component
}
export interface Page {
  /** The address, with `:names` for its variable parts. */
  pattern: string
  /** The page's title, until the page provides a more specific one. */
  title: PlainKey
  load: () => Promise<Module>
  /** Whether it only shows what was chosen elsewhere, and is empty otherwise. */
  isOfChoice?: boolean
  /** Whether it stays open when the project changes: a page outside any project, or a form that would be lost. */
  isOfAnyProject?: boolean
}
export interface Place {
  title: PlainKey
  href: string
  icon: Component<{ size?: number | string; 'aria-hidden'?: 'true' }>
  /** The letter that opens it after `g`. */
  key?: string
  /** A count beside it of what is new there. */
  badge?: { list: List; title: Counted; load: (signal: AbortSignal) => Promise<number> }
  /** Placed below the others: about the app, not the work. */
  isAbout?: boolean
}
/** An action on a job. */
export interface Verb {
  title: PlainKey
  run: (job: Job) => Promise<unknown>
}
/** How lists and cards show a kind of job. */
export interface Kind {
  title: PlainKey
  /** The list its results are in, if any. */
  list?: List
  /** The page of its result. */
  href: (job: Pick<Job, 'id'>) => string
  /** Ends a queued or running job, where this takes more than the studio's table of kinds says. */
  stop?: Verb
  /** The message while it stops, if that takes a while. */
  stopping?: PlainKey
  /** The message when its process ended unexpectedly. */
  interrupted?: PlainKey
}
/** A search result of the palette. */
export interface Found {
  title: string
  href: string
}
export interface Feature {
  /** The rail entry that its pages highlight. */
  section: string
  place?: Place
  /** The first matching pattern wins: `/datasets/new` comes before `/datasets/:id`. */
  pages: Page[]
  kinds?: { [K in JobKind]?: Kind }
  find?: { heading: PlainKey; load: (signal: AbortSignal) => Promise<Found[]> }
}

/** The studio's lists, by its own names for them. */
export type List =
  | 'datasets'
  | 'imports'
  | 'runs'
  | 'models'
  | 'exports'
  | 'films'
  | 'reconstructions'
  | 'presets'
  | 'projects'
  | 'trash'
  | 'sessions'
  | 'generations'
  | 'maps'
  | 'sounds'
  | 'patches'
  | 'folders'
  | 'library'
  | 'changes'
  | 'memory-jobs'
  | 'flows'
