// Computes spectrograms off the main thread, so that the page never waits for them.

import { levelsFromFrames, type SpectrumShape } from './spectrum'

export interface SpectrumRequest {
  id: number
  frames: Float32Array
  shape: SpectrumShape
}

export interface SpectrumAnswer {
  id: number
  levels: Uint8Array<ArrayBuffer>
}

self.onmessage = ({ data }: MessageEvent<SpectrumRequest>) => {
  const levels = levelsFromFrames(data.frames, data.shape)
  const answer: SpectrumAnswer = { id: data.id, levels }
  self.postMessage(answer, { transfer: [levels.buffer] })
}
