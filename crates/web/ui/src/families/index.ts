// What the pages know about a family of models beyond what the studio reports.

import type { Component } from 'svelte'

import type { Model, RunDetail } from '$lib/api'

import type { RunCurves } from '../pages/runs/run-curves.svelte'
import { adapter } from './adapter'
import { agent } from './agent'
import { prior } from './prior'
import { rave } from './rave'

type Settings = Record<string, unknown>

/** What the overview of a run gets. */
export interface OverviewProps {
  run: RunDetail
  curves: RunCurves
  onchange: () => Promise<void>
}
/** What a choice of what a run is about gets. */
export interface SubjectProps {
  value: string
  onchange: (value: string) => void
}

export interface FamilyPart {
  /** Whether the original program of the family cannot run such a model. */
  isClosedToOriginal: (settings: Settings) => boolean
  /** Whether its models make sounds, to be heard and compared. */
  makesSounds: boolean
  /** Whether sounds are sent through its models; others make theirs up. */
  hearsSounds: boolean
  /** The overview of its runs, where that is not the one of sound models. */
  overview?: () => Promise<{ default: Component<OverviewProps> }>
  /** The setting that says what a run is about, which the form of a new run asks first. */
  subject?: { knob: string; picker: () => Promise<{ default: Component<SubjectProps> }> }
  /** A name for a run about something, with a preset. */
  nameOf?: (subject: string, preset: string) => string
}

/** For families not listed here, nothing more is known. */
const unknown: FamilyPart = { isClosedToOriginal: () => false, makesSounds: true, hearsSounds: true }

const parts = new Map<string, FamilyPart>([
  ['adapter', adapter],
  ['agent', agent],
  ['prior', prior],
  ['rave', rave],
])

export const familyPart = (family: string): FamilyPart => parts.get(family) ?? unknown

/** Models of others are asked for what they can do, and do nothing that models trained here do. */
const others: FamilyPart = { isClosedToOriginal: () => true, makesSounds: false, hearsSounds: false }

/** What the pages know about a model. */
export const modelPart = ({ family, linked }: Pick<Model, 'family' | 'linked'>): FamilyPart => (linked ? others : familyPart(family))
