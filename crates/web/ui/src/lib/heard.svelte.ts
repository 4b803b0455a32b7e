// Whether a sound that a model made was ever played here: the first steps tick it off.

import { player } from '$instruments/player.svelte'

import { prefs } from './prefs.svelte'

/** Reconstructions are played beside their originals, as the second of two. */
const RECONSTRUCTION = 1

/** Call once, while the shell is set up. */
export function startHeard(): void {
  $effect(() => {
    const isHeard = player.isPlaying && player.audible === RECONSTRUCTION && (player.playable?.tracks.length ?? 0) > 1
    if (isHeard) prefs.hasHeard = true
  })
}
