// The words of recipes, generations and sounds, until the description of the API has them.

import type { Id, Job, ModelPlace } from '$lib/api'

export type SampleFormat = 'int16' | 'int24' | 'float32'
export type Way = 'linear' | 'sphere'
export interface RecipeModel {
  place: ModelPlace
  name?: string
  sha256?: string
}
export type SoundPlace =
  | { in: 'library'; id: Id }
  | { in: 'dataset'; dataset: Id; idx: number }
  | { in: 'generation'; id: Id; number: number }
  | { in: 'upload'; upload: Id }
  | { in: 'file'; path: string }
export type RecipeSource =
  | { from: 'sound'; sound: SoundPlace; transposes_to_model?: boolean }
  | { from: 'prior'; prior: RecipeModel; start?: SoundPlace | null; start_secs?: number | null }
  | { from: 'path'; points: number[][]; way?: Way; is_closed?: boolean }
  | { from: 'trajectory'; frames: number[][]; rate_hz: number }
  | { from: 'walk'; speed_hz: number; range: number; start?: number[] }
  | { from: 'performance'; input: string; moves: string }
export interface Recipe {
  models: RecipeModel[]
  source: RecipeSource
  controls?: Record<string, number>
  deviations?: number[]
  seed?: number
  secs?: number | null
  variation?: { amount: number; seed: number } | null
  loudness_lufs?: number | null
  format?: SampleFormat
}
export interface NewGeneration {
  name?: string | null
  recipe: Recipe
  count?: number
  vary?: number
  inputs?: SoundPlace[]
  folder?: string | null
}
export interface SoundFacts {
  rate_hz: number
  channels: number
  n_samples: number
  peak_db?: number | null
  loudness_lufs?: number | null
  sha256?: string
}
export interface SoundCard {
  format: number
  name: string
  created_ms: number
  version: string
  recipe: Recipe
  facts: SoundFacts
}
export interface GeneratedSound {
  number: number
  path: string
  card: SoundCard
  kept_as?: Id | null
  is_gone?: boolean
}
export interface Generation {
  id: Id
  name: string
  created_ms: number
  asked: NewGeneration
  job: Job
  n_sounds?: number | null
  n_made: number
  notes: string[]
}
export interface Sound {
  id: Id
  project: Id
  added_ms: number
  card: SoundCard
  is_favourite: boolean
  tags: string[]
  folder: string
}
export interface NewSound {
  job: Id
  path: string
  name?: string | null
}
export interface SoundChange {
  name?: string | null
  is_favourite?: boolean | null
  tags?: string[] | null
}
export type PatchKind = 'favourite' | 'trajectory' | 'instrument' | 'recipe'
export interface Patch {
  format: number
  id: Id
  kind: PatchKind
  name: string
  created_ms: number
  model: Id
  model_sha256: string
  body: unknown
}
export interface NewPatch {
  kind: PatchKind
  name: string
  model: Id
  body: unknown
}
export interface SessionControl {
  number: number
  key: string
  title: string
  least: number
  most: number
  default: number
  unit: string
  help: string
}
