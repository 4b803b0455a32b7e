// Where a sound is: how the player gets it from there, and which page shows it.

import type { Playable } from '$instruments/player.svelte'
import type { SoundPlace } from '$lib/api'
import { datasetAudioUrl } from '$lib/api'
import { generationFileUrl } from '$lib/api/generations'
import { pattern as askForPattern } from '$lib/api/memory'
import { soundFileUrl } from '$lib/api/sounds'

import { playableOf as playablePattern } from '../memory/listen'

/** The file of a sound of a generation, by its number from 1. */
export const generatedPath = (number: number): string => `sounds/${String(number).padStart(4, '0')}/sound.wav`

/** What the player plays of it; undefined for a file of the computer, whose samples the page does not get. */
export function playableAt(place: SoundPlace, name: string): Playable | undefined {
  const one = (id: string, url: string): Playable => ({ id, title: name, tracks: [{ label: name, url }] })
  switch (place.in) {
    case 'library':
      return one(`sound/${place.id}`, soundFileUrl(place.id))
    case 'generation':
      return one(`generation/${place.id}/${place.number}`, generationFileUrl(place.id, generatedPath(place.number)))
    case 'dataset':
      return one(`dataset/${place.dataset}/${place.idx}`, datasetAudioUrl(place.dataset, place.idx))
    case 'pattern':
      return playableById(place.id, name)
    default:
      return undefined
  }
}

/** A pattern that is known by its identifier alone. */
function playableById(id: string, name: string): Playable {
  const load = async () => {
    const [track] = playablePattern((await askForPattern(id)).pattern).tracks
    return track!.load!()
  }
  return { id: `pattern/${id}`, title: name, tracks: [{ label: name, url: `pattern:${id}`, load }] }
}

/** The page that shows it, if one does. */
export function pageOf(place: SoundPlace): string | undefined {
  switch (place.in) {
    case 'library':
      return `/create/sounds/${place.id}`
    case 'generation':
      return `/create/generations/${place.id}`
    case 'dataset':
      return `/datasets/${place.dataset}`
    case 'pattern':
      return `/memory/${place.id}`
    default:
      return undefined
  }
}
