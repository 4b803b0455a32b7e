// What the form of new sounds holds, and the order that it becomes.

import type { NewGeneration, Recipe, RecipeModel, RecipeSource, SampleFormat, SessionControl, SoundPlace, Way } from '$lib/api'

export type SourceKind = 'prior' | 'walk' | 'path' | 'continue' | 'vary'
export const SOURCES: readonly SourceKind[] = ['prior', 'walk', 'path', 'continue', 'vary']

/** A place in the latent space, with a name to show. */
export interface Point {
  name: string
  at: number[]
}

/** A sound that somebody chose, with a name to show. */
export interface Chosen {
  place: SoundPlace
  name: string
}

export interface Draft {
  /** Models besides the first, of a recipe that morphs several. */
  others: RecipeModel[]
  source: SourceKind
  /** Identifier of a prior. */
  prior: string | undefined
  temperature: number
  start: Chosen | undefined
  /** Seconds of that sound which the prior hears; all of it if undefined. */
  startSecs: number | undefined
  speedHz: number
  range: number
  points: Point[]
  way: Way
  isClosed: boolean
  /** What is varied: the recipe of another sound. */
  base: { name: string; recipe: Recipe } | undefined
  /** How far variations drift, in standard deviations. */
  amount: number
  seed: number
  secs: number
  count: number
  /** In LUFS; as it comes if null. */
  loudness: number | null
  format: SampleFormat
  /** Controls that were moved, by key. */
  controls: Record<string, number>
}

export const COUNT_MAX = 100
export const SECS_MAX = 600
/** Seeds that dice throw: short enough to read and to write down. */
export const SEED_THROWN_MAX = 999_999
export const LOUDNESSES: readonly (number | null)[] = [null, -14, -16, -23]

export const emptyDraft = (): Draft => ({
  others: [],
  source: 'walk',
  prior: undefined,
  temperature: 1,
  start: undefined,
  startSecs: undefined,
  speedHz: 0.5,
  range: 1,
  points: [],
  way: 'linear',
  isClosed: false,
  base: undefined,
  amount: 0.3,
  seed: 0,
  secs: 5,
  count: 12,
  loudness: null,
  format: 'int24',
  controls: {},
})

/** Controls that belong to a live session or that other fields of the form stand for. */
const ELSEWHERE = new Set(['mic', 'mic_gain', 'file', 'file_gain', 'file_loop', 'encoder', 'manual', 'path', 'prior', 'walk', 'hold', 'path_loop', 'walk_speed', 'walk_range', 'model_1', 'model_2', 'model_3', 'model_4', 'share_latents'])
/** Those that mean something only for a sound that comes in. */
const OF_INPUT = new Set(['wet', 'follow', 'transpose'])

/** The controls that the form offers for a source. */
export function controlsFor(all: readonly SessionControl[], source: SourceKind | 'sound'): SessionControl[] {
  return all.filter(({ key }) => {
    if (ELSEWHERE.has(key)) return false
    if (OF_INPUT.has(key)) return source === 'sound'
    if (key === 'temperature') return false
    if (key === 'path_speed') return source === 'path'
    return true
  })
}

/** Why an order cannot be made yet, as the end of a key of words; undefined if it can. */
export function missing(draft: Draft, model: RecipeModel | undefined): 'model' | 'prior' | 'start' | 'points' | 'base' | undefined {
  if (draft.source === 'vary') return draft.base ? undefined : 'base'
  if (!model) return 'model'
  if ((draft.source === 'prior' || draft.source === 'continue') && !draft.prior) return 'prior'
  if (draft.source === 'continue' && !draft.start) return 'start'
  if (draft.source === 'path' && draft.points.length === 0) return 'points'
  return undefined
}

/** The order; undefined while something is missing. */
export function orderOf(draft: Draft, model: RecipeModel | undefined, priors: readonly { id: string; name: string }[], directions = 0): NewGeneration | undefined {
  if (missing(draft, model)) return undefined
  if (draft.source === 'vary') return variationOf(draft)
  const prior = priors.find(({ id }) => id === draft.prior)
  const source = sourceOf(draft, prior && { place: { from: 'library', id: prior.id }, name: prior.name }, directions)
  if (!source || !model) return undefined
  const controls = { ...draft.controls, ...(source.from === 'prior' && draft.temperature !== 1 ? { temperature: draft.temperature } : {}) }
  const recipe: Recipe = { models: [model, ...draft.others], source, controls, seed: draft.seed, secs: draft.secs, format: draft.format, ...(draft.loudness === null ? {} : { loudness_lufs: draft.loudness }) }
  return { recipe, count: draft.count }
}

/** Another sound's recipe, drifting; what the form says of loudness and format holds for them. */
function variationOf({ base, amount, count, loudness, format }: Draft): NewGeneration | undefined {
  if (!base) return undefined
  const { loudness_lufs: _, ...recipe } = base.recipe
  return { recipe: { ...recipe, format, ...(loudness === null ? {} : { loudness_lufs: loudness }) }, count, vary: count > 1 ? amount : 0 }
}

function sourceOf(draft: Draft, prior: RecipeModel | undefined, directions: number): RecipeSource | undefined {
  switch (draft.source) {
    case 'prior':
      return prior && { from: 'prior', prior }
    case 'continue':
      return prior && { from: 'prior', prior, start: draft.start?.place ?? null, start_secs: draft.startSecs ?? null }
    case 'walk':
      return { from: 'walk', speed_hz: draft.speedHz, range: draft.range, start: [] }
    case 'path':
      return { from: 'path', points: evened(draft.points.map(({ at }) => at), directions), way: draft.way, is_closed: draft.isClosed }
    case 'vary':
      return undefined
  }
}

/** Points with as many coordinates each, at most those of the model: those that are missing are at the mean. */
function evened(points: number[][], directions: number): number[][] {
  const most = Math.max(...points.map((point) => point.length))
  const n = directions > 0 ? Math.min(most, directions) : most
  return points.map((point) => Array.from({ length: n }, (_, i) => point[i] ?? 0))
}

/** The form as a recipe filled it in; one that it cannot show in fields is varied as it is. */
export function draftOf(recipe: Recipe, name: string, count = 12): Draft {
  const { temperature, ...controls } = recipe.controls ?? {}
  const shared = {
    ...emptyDraft(),
    others: recipe.models.slice(1),
    count,
    controls,
    temperature: temperature ?? 1,
    seed: recipe.seed ?? 0,
    secs: recipe.secs ?? 5,
    loudness: recipe.loudness_lufs ?? null,
    format: recipe.format ?? 'int24',
    base: { name, recipe },
  }
  const { source, variation } = recipe
  if (variation) return { ...shared, source: 'vary' }
  switch (source.from) {
    case 'prior': {
      const prior = source.prior.place.from === 'library' ? source.prior.place.id : undefined
      if (!source.start) return { ...shared, source: 'prior', prior }
      return { ...shared, source: 'continue', prior, start: { place: source.start, name: '' }, startSecs: source.start_secs ?? undefined }
    }
    case 'walk':
      if ((source.start ?? []).length > 0) return { ...shared, source: 'vary' }
      return { ...shared, source: 'walk', speedHz: source.speed_hz, range: source.range }
    case 'path':
      return { ...shared, source: 'path', points: source.points.map((at, i) => ({ name: String(i + 1), at })), way: source.way ?? 'linear', isClosed: source.is_closed ?? false }
    default:
      return { ...shared, source: 'vary', amount: 0 }
  }
}

/** A number that somebody typed, within limits; undefined for what is none. */
export function within(text: string, least: number, most: number): number | undefined {
  const value = Number(text)
  return text.trim() === '' || !Number.isFinite(value) ? undefined : Math.min(most, Math.max(least, value))
}

/** A seed of dice; `random` gives numbers from 0 to 1. */
export const thrown = (random: () => number = Math.random): number => Math.floor(random() * (SEED_THROWN_MAX + 1))
