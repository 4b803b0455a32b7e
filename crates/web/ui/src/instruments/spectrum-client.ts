// The page's side of the spectrogram worker: one worker, started on first use.

import { gatherFrames, type SpectrumShape } from './spectrum'
import type { SpectrumAnswer, SpectrumRequest } from './spectrum.worker'

interface Waiting {
  resolve: (levels: Uint8Array<ArrayBuffer>) => void
  reject: (reason: Error) => void
}

let worker: Worker | undefined
let nextId = 0
const waiting = new Map<number, Waiting>()

/** Levels of an interval of sound, `nColumns` wide; see `levelsFromFrames`. */
export function spectrogram(
  samples: Float32Array,
  { from, to, nColumns }: { from: number; to: number; nColumns: number },
  shape: SpectrumShape,
): Promise<Uint8Array<ArrayBuffer>> {
  worker ??= startWorker()
  const id = nextId++
  const frames = gatherFrames(samples, from, to, nColumns)
  const request: SpectrumRequest = { id, frames, shape }
  worker.postMessage(request, [frames.buffer])
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
}

function startWorker(): Worker {
  const started = new Worker(new URL('./spectrum.worker.ts', import.meta.url), { type: 'module' })
  started.onmessage = ({ data }: MessageEvent<SpectrumAnswer>) => {
    waiting.get(data.id)?.resolve(data.levels)
    waiting.delete(data.id)
  }
  started.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message || 'the worker did not start'))
    waiting.clear()
    worker = undefined
  }
  return started
}
