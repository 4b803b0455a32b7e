// A recipe as an instrument: its controls, and its source as what plays.

import type { Asked, Path } from './session.svelte'
import type { Recipe, RecipeSource } from './words'

/** Seconds between the points of a path whose recipe does not say how long it is. */
const SECS_PER_POINT = 2

/** Where controls stand, and what is asked for, so that a session sounds like a recipe. */
export function playing(recipe: Recipe): { controls: Record<string, number>; asked: Asked } {
  const { controls, asked } = sourceOf(recipe.source, recipe.secs ?? undefined)
  return { controls: { ...recipe.controls, ...controls }, asked }
}

function sourceOf(source: RecipeSource, secs: number | undefined): { controls: Record<string, number>; asked: Asked } {
  /** Latents alone: no input has a part in them. */
  const alone = (key: string) => ({ encoder: 0, [key]: 1 })
  const path = (asked: Path) => ({ controls: alone('path'), asked: { path: asked } })
  switch (source.from) {
    case 'sound':
      return { controls: { file: 1 }, asked: { sound: { place: source.sound, name: '' } } }
    case 'prior': {
      const { place } = source.prior
      return { controls: alone('prior'), asked: place.from === 'library' ? { prior: place.id } : {} }
    }
    case 'path': {
      const legs = Math.max(1, source.points.length - (source.is_closed ? 0 : 1))
      const each = secs === undefined ? SECS_PER_POINT : secs / legs
      return path({ command: { do: 'path', points: source.points, way: source.way ?? 'linear', is_closed: source.is_closed ?? false, secs: each }, secs: legs * each })
    }
    case 'trajectory':
      return path({ command: { do: 'trajectory', frames: source.frames, rate_hz: source.rate_hz }, secs: source.frames.length / source.rate_hz })
    case 'walk':
      return { controls: { ...alone('walk'), walk_speed: source.speed_hz, walk_range: source.range }, asked: {} }
    default:
      // Of a recording of a session, only the controls that it ended with are known here.
      return { controls: {}, asked: {} }
  }
}

/** The models of a recipe that are in the library. */
export const modelsOf = (recipe: Recipe): string[] => recipe.models.flatMap(({ place }) => (place.from === 'library' ? [place.id] : []))
