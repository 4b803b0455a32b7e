// What notes do, from a controller or from the computer's keyboard.

import type { Kept } from '../patches.svelte'
import type { Explorer } from '../explore/explorer.svelte'
import { widened } from '../explore/point'
import type { LiveSession } from '../session.svelte'
import { manualOn, switchedOn } from '../sources'

/** Transpose and gate the loaded sound, jump between favourites, or move along a direction. */
export const NOTE_MODES = ['off', 'transpose', 'favourites', 'direction'] as const
export type NoteMode = (typeof NOTE_MODES)[number]

/** The note that plays the sound as it is, and the first favourite. */
export const MIDDLE = 60
/** Notes from one end of a direction to the other, around the middle. */
const SPAN = 24
/** How far that goes, in standard deviations. */
const FAR = 3

export class Notes {
  mode = $state<NoteMode>('transpose')
  /** The direction that notes move along, from 0. */
  direction = $state(0)
  /** Whether the sound is silent between notes. */
  isGated = $state(true)
  /** Notes that are held, the newest last. */
  held = $state.raw<number[]>([])

  #session: LiveSession
  #explorer: Explorer
  #favourites: Kept

  constructor(session: LiveSession, explorer: Explorer, favourites: Kept) {
    this.#session = session
    this.#explorer = explorer
    this.#favourites = favourites
  }

  press(note: number): void {
    if (!this.#session.hello || this.mode === 'off') return
    this.held = [...this.held.filter((one) => one !== note), note]
    this.#play(note)
  }
  release(note: number): void {
    if (!this.held.includes(note)) return
    const was = this.held.at(-1)
    this.held = this.held.filter((one) => one !== note)
    const newest = this.held.at(-1)
    // The note that was held before sounds again.
    if (newest !== undefined && was === note) this.#play(newest)
    else if (newest === undefined && this.mode === 'transpose' && this.isGated) this.#session.set({ file: 0 }, false)
  }
  releaseAll(): void {
    for (const note of [...this.held]) this.release(note)
  }

  #play(note: number): void {
    const session = this.#session
    if (this.mode === 'transpose') {
      session.set({ transpose: note - MIDDLE, ...switchedOn(session, 'file') }, false)
    } else if (this.mode === 'favourites') {
      const all = this.#favourites.all
      const point = (all[((note - MIDDLE) % all.length + all.length) % all.length]?.body as { point?: number[] } | undefined)?.point
      if (point) this.#explorer.goTo(widened(point, session.hello?.n_directions ?? 0))
    } else if (this.mode === 'direction') {
      const value = Math.max(-FAR, Math.min(FAR, ((note - MIDDLE) / (SPAN / 2)) * FAR))
      session.set({ ...manualOn(session), [`z${this.direction + 1}.value`]: value }, false)
    }
  }
}

/** The lower row of a keyboard as a piano: letters by their place, not by what is printed on them. */
const KEYS = ['KeyZ', 'KeyS', 'KeyX', 'KeyD', 'KeyC', 'KeyV', 'KeyG', 'KeyB', 'KeyH', 'KeyN', 'KeyJ', 'KeyM', 'Comma', 'KeyL', 'Period']

/** The note of a key, with the first at `lowest`. */
export function noteOfKey(code: string, lowest: number): number | undefined {
  const at = KEYS.indexOf(code)
  return at < 0 ? undefined : lowest + at
}
