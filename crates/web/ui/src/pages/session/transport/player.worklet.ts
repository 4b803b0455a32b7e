// The page's ear and mouth on the audio thread: what the microphone hears goes to the worker that speaks with the
// session, what comes back is played. Nothing passes the main thread.

import { Blocks } from './blocks'
import { RateBridge } from './rates'

// What the scope of a worklet has; TypeScript's libraries do not name it.
declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare function registerProcessor(name: string, processor: new (options: { processorOptions: PlayerOptions }) => AudioWorkletProcessor): void
declare const sampleRate: number
declare const currentTime: number

export interface PlayerOptions {
  rateHz: number
  channels: number
  buffer: number
}
/** What the page is told a few times a second. */
export interface PlayerNews {
  underruns: number
  inputPeak: number
}

const NEWS_SECS = 0.05

class Player extends AudioWorkletProcessor {
  #blocks: Blocks
  #bridge: RateBridge | undefined
  /** The way to the worker, once it is there. */
  #worker: MessagePort | undefined
  #lent: ArrayBuffer[] = []
  #toldSecs = 0
  #isOver = false

  constructor({ processorOptions: { rateHz, channels, buffer } }: { processorOptions: PlayerOptions }) {
    super()
    this.#blocks = new Blocks({ rateHz, channels, buffer }, (message) => {
      this.#lent[0] = message
      this.#worker?.postMessage(message, this.#lent)
    })
    if (rateHz !== sampleRate) this.#bridge = new RateBridge(this.#blocks, channels, sampleRate, rateHz)
    this.port.onmessage = ({ data }: MessageEvent<MessagePort | 'end'>) => {
      if (data === 'end') this.#isOver = true
      else this.#listen(data)
    }
  }

  process([input]: Float32Array[][], [output]: Float32Array[][]): boolean {
    if (!output) return !this.#isOver
    const heard = input && input.length > 0 ? input : undefined
    ;(this.#bridge ?? this.#blocks).quantum(heard, output)
    if (currentTime - this.#toldSecs >= NEWS_SECS) this.#tell()
    return !this.#isOver
  }

  #listen(worker: MessagePort): void {
    this.#worker = worker
    worker.onmessage = ({ data }: MessageEvent<ArrayBuffer | boolean>) => {
      if (typeof data === 'boolean') this.#blocks.isOpen = data
      else this.#blocks.answer(data)
    }
  }

  #tell(): void {
    this.#toldSecs = currentTime
    const news: PlayerNews = { underruns: this.#blocks.underruns, inputPeak: this.#blocks.inputPeak }
    this.port.postMessage(news)
    this.#blocks.inputPeak = 0
  }
}

registerProcessor('maquette-player', Player)
