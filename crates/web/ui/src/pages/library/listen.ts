// How sounds of the library get to the player, and their shapes to the eye.

import { envelopeFromPeaks, type Envelope } from '$instruments/envelope'
import type { Playable } from '$instruments/player.svelte'
import { type LibraryItem } from '$lib/api'
import { libraryFileUrl, libraryPeaks } from '$lib/api/library'

type Heard = Pick<LibraryItem, 'id' | 'name'>

export const playableOf = ({ id, name }: Heard): Playable => ({ id: `library/${id}`, title: name, tracks: [{ label: name, url: libraryFileUrl(id) }] })

/** The sound of the library that the player holds; undefined if it holds another one. */
export const idOf = (playable: Playable): string | undefined => /^library\/(.+)$/.exec(playable.id)?.[1]

/** Pairs of peaks of a picture in a list. */
const THUMB_PAIRS = 400
/** How many shapes are remembered. */
const KEPT_MAX = 1000
const kept = new Map<string, Envelope>()

/** The shape of a sound for a small picture. Equal files have one in common. */
export async function thumbOf({ id, sha256 }: Pick<LibraryItem, 'id' | 'sha256'>, signal?: AbortSignal): Promise<Envelope> {
  const key = sha256 ?? id
  const known = kept.get(key)
  if (known) return known
  const made = envelopeFromPeaks(await libraryPeaks(id, THUMB_PAIRS, signal))
  if (made.nSamples > 0) kept.set(key, made)
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value ?? '')
  return made
}
