// Recipes that come with Maquette: each makes a sound with any model that there is.

import type { RecipeSource } from '$lib/api'

export interface Example {
  /** The end of the keys of its words. */
  name: 'wander' | 'drift' | 'wild' | 'still' | 'orbit' | 'zigzag'
  source: RecipeSource
  secs: number
  controls?: Record<string, number>
  seed: number
}

/** Points on a circle in the first two directions, in standard deviations. */
const circle = (n: number, radius: number): number[][] =>
  Array.from({ length: n }, (_, i) => [radius * Math.cos((2 * Math.PI * i) / n), radius * Math.sin((2 * Math.PI * i) / n)])

export const EXAMPLES: readonly Example[] = [
  { name: 'wander', source: { from: 'walk', speed_hz: 0.5, range: 1 }, secs: 8, seed: 1 },
  { name: 'drift', source: { from: 'walk', speed_hz: 0.08, range: 0.7 }, controls: { smoothing: 0.5 }, secs: 12, seed: 2 },
  { name: 'wild', source: { from: 'walk', speed_hz: 6, range: 2 }, secs: 6, seed: 3 },
  { name: 'still', source: { from: 'path', points: [[0, 0]] }, controls: { rest: 0.6 }, secs: 6, seed: 4 },
  { name: 'orbit', source: { from: 'path', points: circle(8, 1.5), way: 'sphere', is_closed: true }, secs: 8, seed: 5 },
  { name: 'zigzag', source: { from: 'path', points: [[-2], [2], [-1.5], [1.5], [-1], [1], [0]] }, secs: 7, seed: 6 },
]
