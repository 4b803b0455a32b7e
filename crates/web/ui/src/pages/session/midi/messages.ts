// What a MIDI controller says. Source: MIDI 1.0 Detailed Specification, 4.2.1.

import type { Knob } from './mappings.svelte'

export type MidiEvent =
  | { is: 'note'; channel: number; note: number; velocity: number }
  | { is: 'release'; channel: number; note: number }
  /** A knob at a share of its way, 0 to 1. */
  | { is: 'knob'; knob: Knob; share: number }
  | { is: 'tick' }
  | { is: 'start' }
  | { is: 'stop' }
  | { is: 'silence' }

/** Controllers from here on are commands: all sound off, all notes off. */
const COMMANDS = 120

/** What a message means to us; undefined for what does not. */
export function eventOf(bytes: Uint8Array): MidiEvent | undefined {
  const [status = 0, first = 0, second = 0] = bytes
  if (status === 0xf8) return { is: 'tick' }
  if (status === 0xfa || status === 0xfb) return { is: 'start' }
  if (status === 0xfc) return { is: 'stop' }
  if (status < 0x80 || status >= 0xf0 || bytes.length < 3) return undefined
  const channel = status & 15
  switch (status & 0xf0) {
    case 0x90:
      return second > 0 ? { is: 'note', channel, note: first, velocity: second / 127 } : { is: 'release', channel, note: first }
    case 0x80:
      return { is: 'release', channel, note: first }
    case 0xb0:
      if (first >= COMMANDS) return first === 120 || first === 123 ? { is: 'silence' } : undefined
      return { is: 'knob', knob: { kind: 'controller', channel, number: first }, share: second / 127 }
    case 0xe0:
      // In the middle it is exactly half.
      return { is: 'knob', knob: { kind: 'wheel', channel, number: 0 }, share: wheelShare(first | (second << 7)) }
    default:
      return undefined
  }
}

/** 14 bits with the middle at 8192. */
const wheelShare = (value: number): number => (value <= 8192 ? value / 16_384 : 0.5 + (value - 8192) / 16_382)

/** Ticks of a MIDI clock in a quarter note. */
const TICKS = 24
/** Ticks over which the tempo is measured. */
const KEPT = 2 * TICKS

/** The tempo of a MIDI clock. */
export class Clock {
  #ms: number[] = []

  /** A tick arrived; the beats a minute so far, once that is known. */
  tick(nowMs: number): number | undefined {
    const last = this.#ms.at(-1)
    // After a pause it begins anew.
    if (last !== undefined && nowMs - last > 500) this.#ms = []
    this.#ms.push(nowMs)
    if (this.#ms.length > KEPT + 1) this.#ms.shift()
    if (this.#ms.length <= TICKS) return undefined
    const perTick = (nowMs - this.#ms[0]!) / (this.#ms.length - 1)
    return perTick > 0 ? 60_000 / (perTick * TICKS) : undefined
  }
}

const NAMES = ['C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B']
/** `C4` from 60. */
export const noteName = (note: number): string => `${NAMES[note % 12]}${Math.floor(note / 12) - 1}`
