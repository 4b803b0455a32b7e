// The WebAudio graph: up to three sounds started on the same sample, only one of them audible.

import { offsetFor, positionAt, type Region, type Start } from './timeline'

/** Crossfade between the sounds: long enough not to click, short enough to be heard as a switch. */
const CROSSFADE_SECS = 0.008
/** Sources are scheduled this far ahead, so that both are ready in time. */
const LEAD_SECS = 0.02

interface Playing {
  sources: AudioBufferSourceNode[]
  gains: GainNode[]
  start: Start
}

export class Engine {
  #context = new AudioContext({ latencyHint: 'interactive' })
  #volume = this.#context.createGain()
  #analyser = this.#context.createAnalyser()
  #scope: Float32Array<ArrayBuffer>
  #playing: Playing | undefined

  constructor() {
    this.#analyser.fftSize = 2048
    this.#scope = new Float32Array(this.#analyser.fftSize)
    this.#volume.connect(this.#analyser).connect(this.#context.destination)
  }

  /** Resumes the audio context, which browsers suspend until a user gesture. */
  async wake() {
    await this.#context.resume()
  }

  /** Plays all buffers from one position, only `audible` heard; `onEnded` is called when they reach the end. */
  play(buffers: AudioBuffer[], audible: number, position: number, loop: Region | undefined, onEnded: () => void) {
    this.stop()
    const lengthSecs = Math.max(...buffers.map((b) => b.duration))
    const start = { atSecs: this.#context.currentTime + LEAD_SECS, offsetSecs: offsetFor(position, lengthSecs, loop) }
    const gains = buffers.map((_, i) => this.#gain(i === audible ? 1 : 0))
    const sources = buffers.map((buffer, i) => this.#source(buffer, gains[i]!, loop))
    for (const source of sources) source.start(start.atSecs, start.offsetSecs)
    const longest = sources[buffers.findIndex((b) => b.duration === lengthSecs)]
    if (longest) longest.onended = onEnded
    this.#playing = { sources, gains, start }
  }

  /** Stops at once, with a fade too short to hear, which avoids a click. */
  stop() {
    if (!this.#playing) return
    const now = this.#context.currentTime
    for (const gain of this.#playing.gains) fade(gain, 0, now)
    for (const source of this.#playing.sources) {
      source.onended = null
      source.stop(now + CROSSFADE_SECS)
    }
    this.#playing = undefined
  }

  /** Makes another of the sounds audible; both keep playing. */
  choose(audible: number) {
    const now = this.#context.currentTime
    this.#playing?.gains.forEach((gain, i) => fade(gain, i === audible ? 1 : 0, now))
  }

  setVolume(share: number) {
    fade(this.#volume, share, this.#context.currentTime)
  }

  /** The second of the sound that is audible now. */
  position(lengthSecs: number, loop: Region | undefined): number {
    if (!this.#playing) return 0
    const heard = this.#context.currentTime - (this.#context.outputLatency || 0)
    return positionAt(heard, this.#playing.start, lengthSecs, loop)
  }

  /** The output level, in dB relative to full scale; -120 is silence. */
  levelDb(): number {
    this.#analyser.getFloatTimeDomainData(this.#scope)
    const power = this.#scope.reduce((sum, x) => sum + x * x, 0) / this.#scope.length
    return Math.max(-120, 10 * Math.log10(power + 1e-12))
  }

  #gain(value: number): GainNode {
    const gain = this.#context.createGain()
    gain.gain.value = value
    gain.connect(this.#volume)
    return gain
  }

  #source(buffer: AudioBuffer, into: GainNode, loop: Region | undefined): AudioBufferSourceNode {
    const source = this.#context.createBufferSource()
    source.buffer = buffer
    if (loop) Object.assign(source, { loop: true, loopStart: loop.start, loopEnd: loop.end })
    source.connect(into)
    return source
  }
}

function fade(gain: GainNode, target: number, now: number) {
  gain.gain.cancelScheduledValues(now)
  gain.gain.setValueAtTime(gain.gain.value, now)
  gain.gain.linearRampToValueAtTime(target, now + CROSSFADE_SECS)
}
