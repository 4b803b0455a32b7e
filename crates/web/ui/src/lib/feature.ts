// What a folder of src/pages brings: its pages, its place in the rail, its kinds of job, and what the palette finds of it.

import type { Component } from 'svelte'

import type { Job, JobKind } from '$lib/api'
import type { PlainKey } from '$lib/i18n'

interface Module {
  default: Component<{ params: Record<string, string> }> | Component
}
export interface Page {
  /** The address, with `:names` for what changes. */
  pattern: string
  /** Its title, until the page itself knows a better one. */
  title: PlainKey
  load: () => Promise<Module>
  /** Whether it shows what was chosen elsewhere, and nothing by itself. */
  isOfChoice?: boolean
  /** Whether it stays as it is when another project is chosen: what is not of one, or a form that would be lost. */
  isOfAnyProject?: boolean
}
export interface Place {
  title: PlainKey
  href: string
  icon: Component<{ size?: number | string; 'aria-hidden'?: 'true' }>
  /** The letter that leads there after `g`. */
  key?: string
  /** Below the others: about the app, not the work. */
  isAbout?: boolean
}
/** What can be asked of a job. */
export interface Verb {
  title: PlainKey
  run: (job: Job) => Promise<unknown>
}
/** A kind of job, as lists and cards show it. */
export interface Kind {
  title: PlainKey
  /** The list that holds what it makes, where one does. */
  list?: List
  /** The page of what it makes. */
  href: (job: Pick<Job, 'id'>) => string
  /** Ends it while it waits or runs, where more is to be done than the studio's table says. */
  stop?: Verb
  /** What to say while it stops, where that takes a while. */
  stopping?: PlainKey
  /** What to say where its process ended. */
  interrupted?: PlainKey
}
/** Something that the palette finds by its name. */
export interface Found {
  title: string
  href: string
}
export interface Feature {
  /** Which entry of the rail its pages light. */
  section: string
  place?: Place
  /** The first pattern that fits wins: `/datasets/new` stands before `/datasets/:id`. */
  pages: Page[]
  kinds?: { [K in JobKind]?: Kind }
  find?: { heading: PlainKey; load: (signal: AbortSignal) => Promise<Found[]> }
}

/** The lists of the studio, by the names it gives them. */
export type List = 'datasets' | 'imports' | 'runs' | 'models' | 'exports' | 'reconstructions' | 'presets' | 'projects' | 'trash'
