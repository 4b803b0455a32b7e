// How what is heard now is made again as a file.

import type { Recipe, RecipeModel, RecipeSource } from '$lib/api'

import type { LiveSession } from './session.svelte'

/** Controls that belong to playing live, or that the source of a recipe says by itself. */
const LIVE_ONLY = new Set(['mic', 'mic_gain', 'file', 'file_gain', 'file_loop', 'hold', 'encoder', 'manual', 'path', 'prior', 'walk', 'path_speed', 'path_loop', 'wet'])

/** A recipe with the session's models and controls, and another source. */
export function recipeOf(session: LiveSession, source: RecipeSource, secs?: number): Recipe {
  const controls = Object.fromEntries(Object.entries(session.moved()).filter(([key]) => !LIVE_ONLY.has(key) && !/^z\d+\.value$/.test(key)))
  const models: RecipeModel[] = (session.what?.models ?? []).map((id) => ({ place: { from: 'library', id } }))
  return { models, source, controls, seed: session.what?.seed ?? 0, ...(session.hello && { deviations: session.hello.deviations }), ...(secs !== undefined && { secs }) }
}
