// The order of a generation's sounds, and of the gallery.

import type { GeneratedSound } from '$lib/api'

export const ORDERS = ['number', 'loud', 'quiet', 'peak', 'seed'] as const
export type Order = (typeof ORDERS)[number]

const SILENCE = -200

const VALUES: Record<Order, (one: GeneratedSound) => number> = {
  number: ({ number }) => number,
  loud: ({ card }) => -(card.facts.loudness_lufs ?? SILENCE),
  quiet: ({ card }) => card.facts.loudness_lufs ?? SILENCE,
  peak: ({ card }) => -(card.facts.peak_db ?? SILENCE),
  seed: ({ card }) => card.recipe.seed ?? 0,
}

/** Sounds in an order; those that are equal in it stay in the order of their numbers. */
export function sorted(sounds: readonly GeneratedSound[], order: Order): GeneratedSound[] {
  const value = VALUES[order]
  return sounds.toSorted((a, b) => value(a) - value(b) || a.number - b.number)
}
