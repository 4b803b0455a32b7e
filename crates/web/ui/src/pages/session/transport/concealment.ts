// What is heard in the place of a block that is late: the last sound, played back and forth and faded.

/** Samples of the last sound that are played again. */
const KEPT = 1024
/** How fast it fades: after so many seconds a third is left. */
const FADE_SECS = 0.06

/** Remembers one channel of what was played, and goes on from it without a jump. */
export class Concealment {
  #kept = new Float32Array(KEPT)
  /** Where the next sample is remembered. */
  #at = 0
  /** Samples that were made up since the last real one. */
  #n = 0
  #decay: number
  #gain = 1

  constructor(rateHz: number) {
    this.#decay = Math.exp(-1 / (FADE_SECS * rateHz))
  }

  /** Remembers what was played, and that it was real. */
  heard(samples: Float32Array): void {
    for (let i = 0; i < samples.length; i++) {
      this.#kept[this.#at] = samples[i]!
      this.#at = (this.#at + 1) % KEPT
    }
    this.#n = 0
    this.#gain = 1
  }

  /** The next sample to play in the place of one that is missing. */
  next(): number {
    // Back from the last sample to the oldest, and forth again: neighbours stay neighbours, so nothing clicks.
    const turn = this.#n % (2 * KEPT - 2)
    const back = turn < KEPT ? turn : 2 * KEPT - 2 - turn
    this.#n += 1
    this.#gain *= this.#decay
    return this.#gain < 1e-4 ? 0 : this.#gain * this.#kept[(this.#at - 1 - back + 2 * KEPT) % KEPT]!
  }
}
