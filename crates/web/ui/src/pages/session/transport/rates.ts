// Blocks at the model's rate within a graph of another rate.

import { type Blocks, QUANTUM } from './blocks'
import { Resampler } from './resample'

/** Converts what comes in and what goes out of `blocks`, a quantum at a time. */
export class RateBridge {
  #blocks: Blocks
  #in: Resampler[]
  #out: Resampler[]
  #heard: Float32Array[]
  #nHeard = 0
  #played: Float32Array[]
  #nPlayed: number
  #input: Float32Array[]
  #output: Float32Array[]
  #silence = new Float32Array(QUANTUM)

  constructor(blocks: Blocks, channels: number, deviceHz: number, modelHz: number) {
    this.#blocks = blocks
    const each = <T>(make: () => T): T[] => Array.from({ length: channels }, make)
    const most = Math.ceil((QUANTUM * Math.max(modelHz, deviceHz)) / Math.min(modelHz, deviceHz)) + QUANTUM
    this.#in = each(() => new Resampler(deviceHz, modelHz, QUANTUM))
    this.#out = each(() => new Resampler(modelHz, deviceHz, QUANTUM))
    this.#heard = each(() => new Float32Array(2 * most))
    this.#played = each(() => new Float32Array(4 * most))
    // A little in hand: how many samples a quantum gives differs by one now and then.
    this.#nPlayed = most
    this.#input = each(() => new Float32Array(QUANTUM))
    this.#output = each(() => new Float32Array(QUANTUM))
  }

  /** One quantum of the device. */
  quantum(input: readonly Float32Array[] | undefined, output: readonly Float32Array[]): void {
    let n = 0
    this.#in.forEach((resampler, c) => {
      n = resampler.push(input?.[c] ?? input?.[0] ?? this.#silence, this.#heard[c]!, this.#nHeard)
    })
    this.#nHeard += n
    while (this.#nHeard >= QUANTUM) this.#pass(input !== undefined)
    for (let c = 0; c < output.length; c++) {
      const from = this.#played[Math.min(c, this.#played.length - 1)]!
      for (let i = 0; i < QUANTUM; i++) output[c]![i] = from[i]!
      from.copyWithin(0, QUANTUM, Math.max(QUANTUM, this.#nPlayed))
    }
    this.#nPlayed = Math.max(0, this.#nPlayed - QUANTUM)
  }

  #pass(hasInput: boolean): void {
    this.#heard.forEach((heard, c) => {
      for (let i = 0; i < QUANTUM; i++) this.#input[c]![i] = heard[i]!
      heard.copyWithin(0, QUANTUM, this.#nHeard)
    })
    this.#nHeard -= QUANTUM
    this.#blocks.quantum(hasInput ? this.#input : undefined, this.#output)
    let n = 0
    this.#out.forEach((resampler, c) => {
      n = resampler.push(this.#output[c]!, this.#played[c]!, this.#nPlayed)
    })
    this.#nPlayed += n
  }
}
