// Another sampling rate, sample after sample: a windowed sinc, for browsers that cannot change a microphone's rate.

/** Zero crossings of the sinc on each side. */
const CROSSINGS = 16
/** Phases of the table; values between two of them are interpolated. */
const PHASES = 256

/** Turns a stream of one rate into one of another. Its delay is constant: `CROSSINGS` samples of the lower rate. */
export class Resampler {
  #step: number
  /** Input samples on each side of an output sample. */
  #half: number
  #table: Float32Array
  #kept: Float32Array
  /** Samples in `#kept`. */
  #n = 0
  /** Where the next output sample lies in `#kept`. */
  #at: number

  /** `most`: the largest number of samples that are given at a time. */
  constructor(fromHz: number, toHz: number, most: number) {
    this.#step = fromHz / toHz
    const cutoff = Math.min(1, toHz / fromHz)
    this.#half = Math.ceil(CROSSINGS / cutoff)
    this.#table = kernel(cutoff, this.#half)
    this.#kept = new Float32Array(4 * this.#half + 2 * most)
    this.#n = 2 * this.#half
    this.#at = this.#half
  }

  /** Takes samples and writes what they give into `out` from `offset`; returns how many that are. */
  push(samples: Float32Array, out: Float32Array, offset = 0): number {
    this.#kept.set(samples, this.#n)
    this.#n += samples.length
    let made = 0
    while (this.#at + this.#half < this.#n && offset + made < out.length) {
      out[offset + made] = this.#sampleAt(this.#at)
      made += 1
      this.#at += this.#step
    }
    const gone = Math.max(0, Math.floor(this.#at) - this.#half)
    this.#kept.copyWithin(0, gone, this.#n)
    this.#n -= gone
    this.#at -= gone
    return made
  }

  #sampleAt(place: number): number {
    const whole = Math.floor(place)
    const phase = (place - whole) * PHASES
    const row = Math.floor(phase)
    const share = phase - row
    const width = 2 * this.#half
    let [low, high] = [0, 0]
    for (let i = 0; i < width; i++) {
      const sample = this.#kept[whole - this.#half + 1 + i] ?? 0
      low += sample * this.#table[row * width + i]!
      high += sample * this.#table[(row + 1) * width + i]!
    }
    return low + share * (high - low)
  }
}

/** For each phase, the weights of the samples around it; they sum to 1. */
function kernel(cutoff: number, half: number): Float32Array {
  const width = 2 * half
  const table = new Float32Array((PHASES + 1) * width)
  for (let row = 0; row <= PHASES; row++) {
    let sum = 0
    for (let i = 0; i < width; i++) {
      const x = i - half + 1 - row / PHASES
      const weight = sinc(cutoff * x) * window(x / half)
      table[row * width + i] = weight
      sum += weight
    }
    for (let i = 0; i < width; i++) table[row * width + i]! /= sum
  }
  return table
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))
/** A Blackman window around 0; 0 from 1 on. */
const window = (x: number): number => (Math.abs(x) >= 1 ? 0 : 0.42 + 0.5 * Math.cos(Math.PI * x) + 0.08 * Math.cos(2 * Math.PI * x))
