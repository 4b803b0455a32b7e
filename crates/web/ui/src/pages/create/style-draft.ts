// What the form of sounds through models holds, and the order that it becomes.

import type { Chosen } from './draft'
import type { NewGeneration, Recipe, RecipeModel, SampleFormat, SoundPlace } from '$lib/api'

export const MODELS_MAX = 4
/** How much of a sound a preview is. */
export const PREVIEW_SECS = 8

export interface StyleDraft {
  /** Identifiers of models, the first one's latents being those that are meant. */
  models: string[]
  /** Weights of the models, in their order. */
  weights: number[]
  sharesLatents: boolean
  inputs: Chosen[]
  /** A folder on this computer, in place of chosen sounds. */
  folder: string | undefined
  transposesToModel: boolean
  /** Controls that were moved, by key; without those of models. */
  controls: Record<string, number>
  loudness: number | null
  format: SampleFormat
}

export const emptyStyle = (): StyleDraft => ({
  models: [],
  weights: [1],
  sharesLatents: false,
  inputs: [],
  folder: undefined,
  transposesToModel: false,
  controls: {},
  loudness: null,
  format: 'int24',
})

const WEIGHT = /^model_(\d)$/

/** The order; undefined while a model or a sound is missing. */
export function styleOrder(draft: StyleDraft, models: readonly { id: string; name: string }[]): NewGeneration | undefined {
  const chosen = draft.models.flatMap((id) => models.find((one) => one.id === id) ?? [])
  const first: SoundPlace | undefined = draft.folder !== undefined ? { in: 'file', path: draft.folder } : draft.inputs[0]?.place
  if (chosen.length === 0 || !first) return undefined
  const recipe: Recipe = {
    models: chosen.map(({ id, name }): RecipeModel => ({ place: { from: 'library', id }, name })),
    source: { from: 'sound', sound: first, transposes_to_model: draft.transposesToModel },
    controls: { ...draft.controls, ...weightsOf(draft, chosen.length), ...(chosen.length > 1 && draft.sharesLatents ? { share_latents: 1 } : {}) },
    format: draft.format,
    ...(draft.loudness === null ? {} : { loudness_lufs: draft.loudness }),
  }
  return draft.folder !== undefined ? { recipe, count: 1, inputs: [], folder: draft.folder } : { recipe, count: 1, inputs: draft.inputs.map(({ place }) => place) }
}

/** The weights that differ from the controls' defaults: the first model's is 1, the others' 0. */
function weightsOf({ weights }: StyleDraft, n: number): Record<string, number> {
  if (n < 2) return {}
  const moved = weights.slice(0, n).map((weight, i) => [`model_${i + 1}`, weight, i === 0 ? 1 : 0] as const)
  return Object.fromEntries(moved.filter(([, weight, base]) => weight !== base).map(([key, weight]) => [key, weight]))
}

/** The same order for the first seconds of one sound. */
export function previewOf(order: NewGeneration, place: SoundPlace, name: string): NewGeneration {
  const { source } = order.recipe
  const recipe: Recipe = { ...order.recipe, secs: PREVIEW_SECS, source: source.from === 'sound' ? { ...source, sound: place } : source }
  return { name, recipe, count: 1, inputs: [] }
}

/** The form as an order filled it in. */
export function styleOf({ recipe, inputs, folder }: NewGeneration, nameOf: (place: SoundPlace) => string): StyleDraft {
  const { source } = recipe
  const all = Object.entries(recipe.controls ?? {})
  const places = inputs && inputs.length > 0 ? inputs : !folder && source.from === 'sound' ? [source.sound] : []
  const weights = recipe.models.map((_, i) => recipe.controls?.[`model_${i + 1}`] ?? (i === 0 ? 1 : 0))
  return {
    models: recipe.models.flatMap(({ place }) => (place.from === 'library' ? [place.id] : [])),
    weights,
    sharesLatents: recipe.controls?.share_latents === 1,
    inputs: places.map((place) => ({ place, name: nameOf(place) })),
    folder: folder ?? undefined,
    transposesToModel: source.from === 'sound' && (source.transposes_to_model ?? false),
    controls: Object.fromEntries(all.filter(([key]) => !WEIGHT.test(key) && key !== 'share_latents')),
    loudness: recipe.loudness_lufs ?? null,
    format: recipe.format ?? 'int24',
  }
}
