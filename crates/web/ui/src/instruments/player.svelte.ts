// The app's only player: any component can hand it something to play; the transport shows it.

import { type Problem, problemOf } from '$lib/api'

import { Engine } from './engine'
import { loadSound, type Sound } from './sounds'
import type { Region } from './timeline'
import { showTransport } from './transport'

export interface Track {
  /** Such as `Original` or `Reconstruction`. */
  label: string
  url: string
  /** Loads it, where it is not what the address has. */
  load?: () => Promise<Sound>
}

/** One sound, or two that are sample-aligned. */
export interface Playable {
  /** Tells whether two components mean the same sound. */
  id: string
  title: string
  tracks: Track[]
  /** Where a position of one track is in another, where they are not aligned as they are. */
  place?: (secs: number, from: number, to: number) => number
}

const VOLUME_KEY = 'maquette.volume'

class Player {
  /** What the transport shows; undefined until something is loaded. */
  playable = $state.raw<Playable>()
  isPlaying = $state(false)
  /** Whether sounds are loading. */
  isLoading = $state(false)
  problem = $state.raw<Problem>()
  /** In seconds. */
  position = $state(0)
  /** In seconds; 0 until the sounds are decoded. */
  length = $state(0)
  /** The index of the audible track. */
  audible = $state(0)
  /** The region selected by the user. */
  region = $state.raw<Region>()
  isLooping = $state(false)
  /** 0 to 1. */
  volume = $state(keptVolume())
  /** The level of the output, in dB relative to full scale. */
  levelDb = $state(-120)

  /** What to play after something that has ended, if anything. */
  after: ((ended: Playable) => Promise<Playable | undefined>) | undefined

  #engine: Engine | undefined
  #buffers: AudioBuffer[] = []
  #frame = 0
  /** Counts requests, so that only the newest takes effect after a wait. */
  #turn = 0

  /** The region that loops, if any. */
  get loop(): Region | undefined {
    if (!this.isLooping || this.length === 0) return undefined
    return this.region ?? { start: 0, end: this.length }
  }

  isCurrent(playable: Playable): boolean {
    return this.playable?.id === playable.id
  }

  /** Loads something without playing it; keeps the position if it is the same sound at another step. */
  async load(playable: Playable, keepsPosition = false) {
    if (this.isCurrent(playable) && this.#buffers.length > 0) return
    void showTransport()
    const wasPlaying = this.isPlaying
    this.#halt()
    this.playable = playable
    this.problem = undefined
    this.#buffers = []
    if (!keepsPosition) {
      this.position = 0
      // A loop belongs to the sound it was made in.
      if (this.region) this.isLooping = false
      this.region = undefined
      this.audible = 0
    }
    if (this.audible >= playable.tracks.length) this.audible = 0
    this.isLoading = true
    try {
      const sounds = await Promise.all(playable.tracks.map(({ url, load = () => loadSound(url) }) => load()))
      if (this.playable !== playable) return
      this.#buffers = sounds.map((sound) => sound.buffer)
      this.length = Math.max(...this.#buffers.map((b) => b.duration))
      if (keepsPosition && wasPlaying) await this.play()
    } catch (thrown) {
      if (this.playable === playable) this.problem = problemOf(thrown)
    } finally {
      if (this.playable === playable) this.isLoading = false
    }
  }

  /** Plays this, or stops it if it is playing. */
  async toggle(playable = this.playable, audible = this.audible) {
    if (!playable) return
    if (this.isPlaying && this.isCurrent(playable)) return this.pause()
    await this.load(playable)
    if (!this.isCurrent(playable)) return
    this.audible = Math.min(audible, playable.tracks.length - 1)
    await this.play()
  }

  async play() {
    if (this.#buffers.length === 0) return
    this.#engine ??= new Engine()
    this.#engine.setVolume(this.volume)
    const isAtEnd = !this.loop && this.position >= this.length - 0.01
    if (isAtEnd) this.position = 0
    const turn = ++this.#turn
    await this.#engine.wake()
    if (turn !== this.#turn) return
    this.#engine.play(this.#buffers, this.audible, this.position, this.loop, () => this.#ended())
    this.isPlaying = true
    this.#follow()
  }

  pause() {
    this.#updatePosition()
    this.#halt()
  }

  async seek(position: number) {
    this.position = Math.max(0, Math.min(this.length, position))
    if (this.isPlaying) await this.play()
  }

  /** Switches to the other track, or to a given one. */
  choose(audible = (this.audible + 1) % Math.max(1, this.playable?.tracks.length ?? 1)) {
    const place = this.playable?.place
    if (!this.playable?.tracks[audible]) return
    if (!place) {
      this.audible = audible
      this.#engine?.choose(audible)
    } else if (audible !== this.audible) {
      this.#updatePosition()
      const position = place(this.position, this.audible, audible)
      this.audible = audible
      void this.seek(position)
    }
  }

  async setLoop(isLooping: boolean) {
    this.#updatePosition()
    this.isLooping = isLooping
    if (this.isPlaying) await this.play()
  }

  /** Loops a region; without one, stops looping. */
  async setRegion(region: Region | undefined) {
    this.#updatePosition()
    this.region = region
    await this.setLoop(region !== undefined)
  }

  setVolume(volume: number) {
    this.volume = volume
    this.#engine?.setVolume(volume)
    try {
      localStorage.setItem(VOLUME_KEY, String(volume))
    } catch {
      // A browser without storage still plays.
    }
  }

  /** Stops and removes the transport. */
  close() {
    this.#halt()
    this.playable = undefined
    this.problem = undefined
    this.#buffers = []
    this.length = 0
    this.position = 0
    this.region = undefined
  }

  /** Updates `position` before the values it is computed from change. */
  #updatePosition() {
    if (this.isPlaying && this.#engine) this.position = this.#engine.position(this.length, this.loop)
  }

  #ended() {
    this.#halt()
    this.position = 0
    if (this.playable) void this.#goOn(this.playable)
  }

  /** Plays what comes after a sound, unless something else was started or chosen meanwhile. */
  async #goOn(ended: Playable) {
    const next = await this.after?.(ended)
    if (!next || this.playable !== ended || this.isPlaying) return
    await this.load(next)
    if (this.playable === next) await this.play()
  }

  #halt() {
    this.#turn++
    cancelAnimationFrame(this.#frame)
    this.#engine?.stop()
    this.isPlaying = false
    this.levelDb = -120
  }

  #follow() {
    cancelAnimationFrame(this.#frame)
    const tick = () => {
      if (!this.isPlaying || !this.#engine) return
      this.position = this.#engine.position(this.length, this.loop)
      this.levelDb = this.#engine.levelDb()
      this.#frame = requestAnimationFrame(tick)
    }
    this.#frame = requestAnimationFrame(tick)
  }
}

function keptVolume(): number {
  try {
    const kept = Number.parseFloat(localStorage.getItem(VOLUME_KEY) ?? '')
    return kept >= 0 && kept <= 1 ? kept : 0.8
  } catch {
    return 0.8
  }
}

export const player = new Player()
