// The recipe that an address names: of a kept sound, of a generation or one of its sounds, or of a preset.

import { generatedSound, generation as askForGeneration } from '$lib/api/generations'
import { patch as askForPatch } from '$lib/api/patches'
import { sound as askForSound, soundRecipe } from '$lib/api/sounds'

import type { NewGeneration, Recipe } from '$lib/api'

export interface Named {
  name: string
  recipe: Recipe
  /** The whole order, where it was one. */
  asked?: NewGeneration
}

/** `sound:ID`, `generation:ID`, `generation:ID:NUMBER` or `preset:ID`; undefined for anything else, or where there is none. */
export async function recipeFrom(text: string, signal?: AbortSignal): Promise<Named | undefined> {
  const [kind, id = '', number] = text.split(':')
  if (kind === 'sound') {
    const [{ card }, recipe] = await Promise.all([askForSound(id, signal), soundRecipe(id, signal)])
    return { name: card.name, recipe }
  }
  if (kind === 'generation' && number) {
    const { card } = await generatedSound(id, Number(number), signal)
    return { name: card.name, recipe: card.recipe }
  }
  if (kind === 'generation') {
    const { name, asked } = await askForGeneration(id, signal)
    return { name, recipe: asked.recipe, asked }
  }
  if (kind === 'preset') {
    const { name, body } = await askForPatch(id, signal)
    const asked = presetIn(body)
    return asked && { name, recipe: asked.recipe, asked }
  }
  return undefined
}

/** The order that a preset keeps, if it keeps one. */
export function presetIn(body: unknown): NewGeneration | undefined {
  const { recipe } = (typeof body === 'object' && body !== null ? body : {}) as { recipe?: Partial<Recipe> }
  return recipe && Array.isArray(recipe.models) && recipe.source ? (body as NewGeneration) : undefined
}
