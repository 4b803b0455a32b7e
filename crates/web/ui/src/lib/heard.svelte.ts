// Records whether a model's output was ever played here, which the first steps tick off.

import { player } from '$instruments/player.svelte'

import { prefs } from './prefs.svelte'

/** The index of the reconstruction: it is played second, after its original. */
const RECONSTRUCTION = 1

/** Call once, while setting up the shell. */
export function startHeard(): void {
  $effect(() => {
    const isHeard = player.isPlaying && player.audible === RECONSTRUCTION && (player.playable?.tracks.length ?? 0) > 1
    if (isHeard) prefs.hasHeard = true
  })
}
