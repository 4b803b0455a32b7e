// What the form of blended sounds holds, and the order that it becomes.

import type { BlendWay, NewGeneration, Recipe, RecipeModel, SampleFormat, SoundPlace } from '$lib/api'

import type { Chosen } from './draft'

export const SOUNDS_MAX = 16
export const BLEND_SECS_MAX = 120
export const GRAIN = { least: 0.01, usual: 0.12, most: 1 }
export const SCATTER_MAX = 10
/** What grains are scattered by at least where several results are to differ. */
export const SCATTER_STEP = 0.05
/** The most of a layer: twice as loud. */
export const LAYER_MAX = 2
export const BLEND_WAYS: readonly BlendWay[] = ['grains', 'spectra', 'latents', 'path', 'layers']

/** Whether a model is needed for it. */
export const needsModel = (way: BlendWay): boolean => way === 'latents' || way === 'path'

/** A sound and its share; of layers, how loud it is. */
export interface Blended extends Chosen {
  weight: number
}
export interface BlendDraft {
  sounds: Blended[]
  way: BlendWay
  grainSecs: number
  scatterSecs: number
  /** The place in the list of the sound whose rhythm is kept. */
  rhythm: number | undefined
  /** As long as the sounds are on average if undefined. */
  secs: number | undefined
  count: number
  seed: number
  loudness: number | null
  format: SampleFormat
}

export const emptyBlend = (): BlendDraft => ({ sounds: [], way: 'grains', grainSecs: GRAIN.usual, scatterSecs: SCATTER_STEP, rhythm: undefined, secs: undefined, count: 4, seed: 0, loudness: null, format: 'int24' })

/** Other sounds in the list: those that stay keep their shares, and the rhythm stays with its sound. */
export function withSounds(draft: BlendDraft, chosen: readonly Chosen[]): BlendDraft {
  const same = (a: SoundPlace, b: SoundPlace) => JSON.stringify(a) === JSON.stringify(b)
  const sounds = chosen.slice(0, SOUNDS_MAX).map((one) => ({ ...one, weight: draft.sounds.find(({ place }) => same(place, one.place))?.weight ?? 1 }))
  const inTime = draft.rhythm === undefined ? undefined : draft.sounds[draft.rhythm]?.place
  const rhythm = inTime && sounds.findIndex(({ place }) => same(place, inTime))
  return { ...draft, sounds, rhythm: rhythm === undefined || rhythm < 0 ? undefined : rhythm }
}

/** Whether several results differ: grains alone are thrown, and of one sound only where they are scattered. */
export const isVaried = ({ sounds, way, scatterSecs }: BlendDraft): boolean => way === 'grains' && (scatterSecs > 0 || sounds.length > 1)

/** How many are made: one of what would be the same each time. */
export const countOf = (draft: BlendDraft): number => (isVaried(draft) ? draft.count : 1)

/** Another number of results; several are scattered. */
export const withCount = (draft: BlendDraft, count: number): BlendDraft => ({ ...draft, count, scatterSecs: count > 1 ? Math.max(SCATTER_STEP, draft.scatterSecs) : draft.scatterSecs })

/** Why an order cannot be made yet, as the end of a key of words. */
export function missingBlend({ sounds, way }: BlendDraft, model: unknown): 'sounds' | 'shares' | 'model' | undefined {
  if (sounds.length === 0) return 'sounds'
  if (sounds.every(({ weight }) => weight === 0)) return 'shares'
  return needsModel(way) && !model ? 'model' : undefined
}

/** With a sound one place up or down: a way through latents goes from the first to the last. */
export function movedSound(draft: BlendDraft, i: number, by: number): BlendDraft {
  const to = i + by
  const chosen: Chosen[] = [...draft.sounds]
  const [one, other] = [chosen[i], chosen[to]]
  if (!one || !other) return draft
  ;[chosen[i], chosen[to]] = [other, one]
  return withSounds(draft, chosen)
}

/** The order; undefined while something is missing. Only ways through latents have a model. */
export function blendOrder(draft: BlendDraft, model: RecipeModel | undefined): NewGeneration | undefined {
  if (missingBlend(draft, model)) return undefined
  const { sounds, way, grainSecs, scatterSecs, rhythm, secs, seed, format, loudness } = draft
  const recipe: Recipe = {
    models: needsModel(way) && model ? [model] : [],
    source: { from: 'blend', sounds: sounds.map(({ place, weight }) => ({ sound: place, weight })), way, grain_secs: grainSecs, scatter_secs: scatterSecs, ...(rhythm === undefined ? {} : { rhythm }) },
    seed,
    format,
    ...(secs === undefined ? {} : { secs }),
    ...(loudness === null ? {} : { loudness_lufs: loudness }),
  }
  return { recipe, count: countOf(draft) }
}

/** The form as an order filled it in; undefined for another one. */
export function blendDraftOf({ recipe, count }: NewGeneration, nameOf: (place: SoundPlace) => string): BlendDraft | undefined {
  const { source } = recipe
  if (source.from !== 'blend') return undefined
  const draft: BlendDraft = {
    sounds: source.sounds.map(({ sound, weight }) => ({ place: sound, name: nameOf(sound), weight: weight ?? 1 })),
    way: source.way ?? 'grains',
    grainSecs: source.grain_secs ?? GRAIN.usual,
    scatterSecs: source.scatter_secs ?? 0,
    rhythm: source.rhythm ?? undefined,
    secs: recipe.secs ?? undefined,
    count: count ?? 4,
    seed: recipe.seed ?? 0,
    loudness: recipe.loudness_lufs ?? null,
    format: recipe.format ?? 'int24',
  }
  return withCount(draft, countOf(draft))
}

/** Shares that add up to 1. */
export function sharesOf(weights: readonly number[]): number[] {
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => (all > 0 ? weight / all : 0))
}

/**
 * Shares of two to four sounds by a point on a square. Two lie left and right; three at the corners below and in the middle
 * above; four at the corners, the first two below.
 */
export function sharesAt(n: number, x: number, y: number): number[] {
  if (n === 2) return [1 - x, x]
  if (n === 3) return [(1 - y) * (1 - x), (1 - y) * x, y]
  return [(1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x]
}

/** The point that is nearest to some shares; in the middle of what does not matter. */
export function pointOf(weights: readonly number[]): { x: number; y: number } {
  const [a = 0, b = 0, c = 0, d = 0] = sharesOf(weights)
  const of = (part: number, whole: number) => (whole > 0 ? part / whole : 0.5)
  if (weights.length === 2) return { x: b, y: 0.5 }
  if (weights.length === 3) return { x: of(b, a + b), y: c }
  return { x: b + d, y: c + d }
}

/** Where the names of sounds stand on the square, in percent from the left and from the bottom. */
export const cornersOf = (n: number): readonly { x: number; y: number }[] => {
  const below = [{ x: 0, y: 0 }, { x: 100, y: 0 }]
  if (n === 2) return below
  return n === 3 ? [...below, { x: 50, y: 100 }] : [...below, { x: 0, y: 100 }, { x: 100, y: 100 }]
}
