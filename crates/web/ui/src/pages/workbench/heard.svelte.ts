// A sound as the pages of the workbench show it: decoded, at the player, and the part of it that is in view.

import './en'

import { player, type Playable } from '$instruments/player.svelte'
import { loadSound, type Sound } from '$instruments/sounds'
import type { Region } from '$instruments/timeline'
import { type LibraryItem, type Problem, problemOf } from '$lib/api'
import { libraryFileUrl } from '$lib/api/library'
import { t } from '$lib/i18n'

/** What is in view at first, in seconds. */
const VIEW_SECS = 12
/** The longest sound that a page decodes, in seconds. */
const LENGTH_SECS_MAX = 1800

export interface Heard {
  readonly sound: Sound | undefined
  readonly problem: Problem | undefined
  readonly playable: Playable | undefined
  readonly length: number
  /** The playhead; undefined while another sound is in the player. */
  readonly position: number | undefined
  readonly region: Region | undefined
  readonly isLooping: boolean
  view: Region
  seek: (at: number) => Promise<void>
  choose: (region: Region | undefined) => Promise<void>
  toggle: () => void
}

/** Call it during component setup. */
export function heard(item: () => LibraryItem | undefined): Heard {
  let sound = $state.raw<Sound>()
  let problem = $state.raw<Problem>()
  let view = $state.raw<Region>({ start: 0, end: 1 })
  // A sound that is analysed meanwhile is the same.
  const id = $derived(item()?.is_missing === false ? item()?.id : undefined)
  const name = $derived(item()?.name ?? '')
  const isTooLong = $derived((item()?.seconds ?? 0) > LENGTH_SECS_MAX)

  $effect(() => {
    if (!id) return
    if (isTooLong) {
      problem = { code: 'too_long', what: t('workbench.tooLong'), remedy: t('workbench.tooLongRemedy') }
      return
    }
    let isWanted = true
    loadSound(libraryFileUrl(id)).then(
      (loaded) => {
        if (!isWanted) return
        sound = loaded
        view = { start: 0, end: Math.max(0.001, Math.min(VIEW_SECS, loaded.buffer.duration)) }
      },
      (thrown) => isWanted && (problem = problemOf(thrown)),
    )
    return () => (isWanted = false)
  })

  const playable = $derived<Playable | undefined>(id ? { id: `library/${id}`, title: name, tracks: [{ label: name, url: libraryFileUrl(id) }] } : undefined)
  const isCurrent = $derived(playable !== undefined && player.isCurrent(playable))

  return {
    get sound() {
      return sound
    },
    get problem() {
      return problem
    },
    get playable() {
      return playable
    },
    get length() {
      return sound?.buffer.duration ?? 0
    },
    get position() {
      return isCurrent ? player.position : undefined
    },
    get region() {
      return isCurrent ? player.region : undefined
    },
    get isLooping() {
      return isCurrent && player.isLooping
    },
    get view() {
      return view
    },
    set view(next: Region) {
      view = next
    },
    async seek(at) {
      if (!playable) return
      await player.load(playable)
      await player.seek(at)
    },
    async choose(region) {
      if (!playable) return
      await player.load(playable)
      await player.setRegion(region)
    },
    toggle() {
      if (playable) void player.toggle(playable)
    },
  }
}
