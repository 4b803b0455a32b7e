// Blocks of sound to a session and back: what goes in is collected and numbered, what comes back is played exactly
// so many samples after its input was taken, however long it was under way. No part of this knows the browser.

import { ASKED_HEAD, writeHead } from '../protocol'
import { Concealment } from './concealment'

/** Samples that are played at a time: the quantum of WebAudio. */
export const QUANTUM = 128
/** Bytes before the samples of an answer within the page: number, samples, channels, flags, each a `u32`. */
export const POOLED_HEAD = 16
/** The longest part of the buffer that a block may be: the rest is time to compute. */
export const BLOCKS_IN_BUFFER = 4
/** Buffers beyond those that are under way. */
const SPARE = 8

export interface Shape {
  rateHz: number
  channels: number
  /** Samples from input to output, the model's latency not counted: a multiple of 512. */
  buffer: number
}

/** Samples of a block. */
export const blockOf = (buffer: number): number => buffer / BLOCKS_IN_BUFFER
/** Bytes of every message between the parts of the transport, so that each can be used again for the next. */
export const bytesOf = (block: number, channels: number): number => POOLED_HEAD + 4 * block * channels

export class Blocks {
  /** Blocks that were not there when they were to be played. */
  underruns = 0
  /** The largest samples that came in and went out since someone set them to 0. */
  inputPeak = 0
  outputPeak = 0

  #shape: Shape
  #block: number
  #send: (message: ArrayBuffer) => void
  #pool: ArrayBuffer[] = []
  /** The block that is being collected; undefined while nobody listens. */
  #filling: Float32Array | undefined
  #isSilent = true
  /** Samples since the start. */
  #at = 0
  /** What comes back, each block at its place. */
  #ring: Float32Array[]
  /** Which block lies at each place of the ring. */
  #arrived: Int32Array
  #isOpen = false
  /** The first block that was asked for since the connection is open. */
  #first = 0
  #nAsked = 0
  #nAnswered = 0
  #isConcealing = true
  #missed = -1
  #concealments: Concealment[]

  constructor(shape: Shape, send: (message: ArrayBuffer) => void) {
    this.#shape = shape
    this.#block = blockOf(shape.buffer)
    this.#send = send
    // What arrives early, or after the next block, has a place too.
    const nBlocks = 4 * BLOCKS_IN_BUFFER
    this.#ring = Array.from({ length: shape.channels }, () => new Float32Array(nBlocks * this.#block))
    this.#arrived = new Int32Array(nBlocks).fill(-1)
    this.#concealments = Array.from({ length: shape.channels }, () => new Concealment(shape.rateHz))
    for (let i = 0; i < nBlocks + SPARE; i++) this.#pool.push(this.#newBuffer())
  }

  /** The connection opened or was lost: blocks are asked for, and counted, only while it is open. */
  set isOpen(isOpen: boolean) {
    this.#isOpen = isOpen
    this.#first = Math.ceil(this.#at / this.#block)
    this.#nAsked = 0
    this.#nAnswered = 0
    if (!isOpen) this.#release()
  }

  /** One quantum: takes what comes in, gives what is heard. Without input it is silence. */
  quantum(input: readonly Float32Array[] | undefined, output: readonly Float32Array[]): void {
    this.#take(input)
    this.#play(output)
    this.#at += QUANTUM
  }

  /** An answer arrived: its samples go to their place, its buffer is used again. */
  answer(message: ArrayBuffer): void {
    const [number = 0, samples = 0, channels = 0] = new Uint32Array(message, 0, 3)
    const place = this.#place(number)
    if (samples === this.#block && channels === this.#shape.channels && place !== undefined) {
      const sound = new Float32Array(message, POOLED_HEAD)
      for (let c = 0; c < channels; c++) this.#ring[c]!.set(sound.subarray(c * samples, (c + 1) * samples), place * samples)
      this.#arrived[place] = number
    }
    this.#nAnswered += 1
    this.#giveBack(message)
  }

  /** A buffer that was lent is free again. */
  #giveBack(message: ArrayBuffer): void {
    if (this.#pool.length < this.#arrived.length + SPARE) this.#pool.push(message)
  }

  /** Where an answer belongs in the ring; undefined if its time is over, or it answers nothing. */
  #place(number: number): number | undefined {
    const from = number * this.#block + this.#shape.buffer
    const isOver = from + this.#block <= this.#at
    const isAsked = number >= this.#first && number * this.#block < this.#at
    return isOver || !isAsked ? undefined : number % this.#arrived.length
  }

  #take(input: readonly Float32Array[] | undefined): void {
    const { channels } = this.#shape
    const within = this.#at % this.#block
    if (within === 0) this.#begin()
    const filling = this.#filling
    if (!filling) return
    for (let c = 0; c < channels; c++) {
      // One microphone plays into all channels.
      const source = input?.[c] ?? input?.[0]
      const from = c * this.#block + within
      if (source) {
        filling.set(source, from)
        this.#hear(source)
      } else filling.fill(0, from, from + QUANTUM)
    }
    if (input?.[0]) this.#isSilent = false
    if (within + QUANTUM === this.#block) this.#ask(filling)
  }

  #begin(): void {
    this.#isSilent = true
    // A session that cannot follow is asked for less, or it would be later and later.
    const isBehind = this.#nAsked - this.#nAnswered >= 2 * BLOCKS_IN_BUFFER
    if (!this.#isOpen || isBehind) return
    const message = this.#pool.pop() ?? this.#newBuffer()
    this.#filling = new Float32Array(message, ASKED_HEAD, this.#block * this.#shape.channels)
  }

  #ask(filling: Float32Array): void {
    const message = filling.buffer as ArrayBuffer
    writeHead(message, Math.floor(this.#at / this.#block), this.#block, this.#isSilent ? 0 : this.#shape.channels)
    this.#filling = undefined
    this.#nAsked += 1
    this.#send(message)
  }

  #release(): void {
    if (this.#filling) this.#giveBack(this.#filling.buffer as ArrayBuffer)
    this.#filling = undefined
  }

  #play(output: readonly Float32Array[]): void {
    const { buffer, channels } = this.#shape
    const due = Math.floor((this.#at - buffer) / this.#block)
    const slot = due % this.#arrived.length
    const isThere = due >= 0 && this.#arrived[slot] === due
    const from = slot * this.#block + ((this.#at - buffer) % this.#block)
    for (let c = 0; c < output.length; c++) {
      const [out, of] = [output[c]!, Math.min(c, channels - 1)]
      if (isThere) this.#real(out, this.#ring[of]!, from, of)
      else this.#conceal(out, of)
    }
    if (!isThere && this.#isOpen && due >= this.#first && due !== this.#missed) {
      this.#missed = due
      this.underruns += 1
    }
    this.#isConcealing = !isThere
  }

  #real(out: Float32Array, sound: Float32Array, from: number, channel: number): void {
    const concealment = this.#concealments[channel]!
    for (let i = 0; i < QUANTUM; i++) {
      const share = this.#isConcealing ? (i + 1) / QUANTUM : 1
      out[i] = share === 1 ? sound[from + i]! : share * sound[from + i]! + (1 - share) * concealment.next()
      this.outputPeak = Math.max(this.outputPeak, Math.abs(out[i]!))
    }
    concealment.heard(out)
  }

  #conceal(out: Float32Array, channel: number): void {
    const concealment = this.#concealments[channel]!
    for (let i = 0; i < QUANTUM; i++) out[i] = concealment.next()
  }

  #hear(source: Float32Array): void {
    for (let i = 0; i < source.length; i++) this.inputPeak = Math.max(this.inputPeak, Math.abs(source[i]!))
  }

  #newBuffer(): ArrayBuffer {
    return new ArrayBuffer(bytesOf(this.#block, this.#shape.channels))
  }
}
