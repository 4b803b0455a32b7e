// Which sounds the gallery shows.

import { idOf, modelsOf } from './recipe'
import type { Sound } from '$lib/api'

export interface Wanted {
  /** Words that all have to occur, in any order. */
  text?: string | undefined
  model?: string | undefined
  tag?: string | undefined
  isFavourite?: boolean
}

/** The sounds that are wanted, in their order. */
export function chosen(sounds: readonly Sound[], { text, model, tag, isFavourite }: Wanted): Sound[] {
  const words = (text ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  return sounds.filter((sound) => {
    if (isFavourite && !sound.is_favourite) return false
    if (tag && !sound.tags.includes(tag)) return false
    if (model && !sound.card.recipe.models.some((one) => idOf(one) === model)) return false
    const all = [sound.card.name, modelsOf(sound.card.recipe), ...sound.tags].join(' ').toLowerCase()
    return words.every((word) => all.includes(word))
  })
}

/** All words that people put on sounds, in order. */
export const tagsOf = (sounds: readonly Sound[]): string[] => [...new Set(sounds.flatMap(({ tags }) => tags))].sort((a, b) => a.localeCompare(b))

/** The models that sounds were made with, by identifier, with the newest name. */
export function modelsIn(sounds: readonly Sound[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const { card } of sounds) for (const model of card.recipe.models) {
    const id = idOf(model)
    if (id && !found.has(id)) found.set(id, model.name || id)
  }
  return found
}

/** Tags as somebody types them: words between commas, each once. */
export const typedTags = (text: string): string[] => [...new Set(text.split(',').map((one) => one.trim().replace(/\s+/g, ' ')).filter(Boolean))]
