// MIDI controllers: whether they may be heard, which there are, and what they say.

import { Clock, eventOf, type MidiEvent } from './messages'
import type { Mappings } from './mappings.svelte'
import type { Notes } from './notes.svelte'
import type { LiveSession } from '../session.svelte'

export type MidiState = 'off' | 'asking' | 'on' | 'refused' | 'unsupported'

export class Midi {
  state = $state<MidiState>(typeof navigator !== 'undefined' && 'requestMIDIAccess' in navigator ? 'off' : 'unsupported')
  inputs = $state.raw<string[]>([])
  /** Beats a minute of the clock that is heard. */
  tempo = $state<number>()
  /** Whether the path follows the clock, and how many beats it lasts. */
  isSynced = $state(false)
  beats = $state(4)
  /** What was heard last. */
  last = $state.raw<MidiEvent>()

  #access: MIDIAccess | undefined
  #clock = new Clock()
  #session: LiveSession
  #mappings: Mappings
  #notes: Notes
  /** Called for «all sound off». */
  #silence: () => void

  constructor(session: LiveSession, mappings: Mappings, notes: Notes, silence: () => void) {
    this.#session = session
    this.#mappings = mappings
    this.#notes = notes
    this.#silence = silence
  }

  async open(): Promise<void> {
    this.state = 'asking'
    try {
      const access = await navigator.requestMIDIAccess()
      this.#access = access
      access.onstatechange = () => this.#listen()
      this.state = 'on'
      this.#listen()
    } catch {
      this.state = 'refused'
    }
  }

  close(): void {
    for (const input of this.#access?.inputs.values() ?? []) input.onmidimessage = null
  }

  #listen(): void {
    const inputs = [...(this.#access?.inputs.values() ?? [])].filter(({ state }) => state === 'connected')
    for (const input of inputs) input.onmidimessage = ({ data, timeStamp }) => data && this.hear(data, timeStamp)
    this.inputs = inputs.map(({ name, manufacturer }) => name ?? manufacturer ?? '')
  }

  /** A message arrived. */
  hear(bytes: Uint8Array, nowMs: number): void {
    const event = eventOf(bytes)
    if (!event) return
    if (event.is !== 'tick') this.last = event
    switch (event.is) {
      case 'note':
        this.#notes.press(event.note)
        break
      case 'release':
        this.#notes.release(event.note)
        break
      case 'knob':
        if (this.#session.hello) this.#mappings.moved(event.knob, event.share)
        break
      case 'tick':
        this.#tick(nowMs)
        break
      case 'start':
        if (this.isSynced) this.#session.ask({ do: 'seek_path', secs: 0 })
        break
      case 'silence':
        this.#silence()
        break
      case 'stop':
        this.#notes.releaseAll()
    }
  }

  #tick(nowMs: number): void {
    const tempo = this.#clock.tick(nowMs)
    const rounded = tempo === undefined ? undefined : Math.round(tempo * 10) / 10
    if (rounded === this.tempo) return
    this.tempo = rounded
    this.sync()
  }
  /** Lets the path last so many beats. */
  sync(): void {
    const secs = this.#session.loaded.path_secs
    if (!this.isSynced || !this.tempo || !secs || !(this.beats > 0)) return
    this.#session.set({ path_speed: secs / ((this.beats * 60) / this.tempo) }, false)
  }
}
