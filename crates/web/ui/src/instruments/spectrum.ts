// Spectrogram data: levels over time and frequency, computed from frames of samples.

import { createFft, hann } from './fft'

/** The frequency scale. */
export type FrequencyAxis = 'log' | 'mel'

/** Samples of one frame: 46 ms at 44.1 kHz. */
export const FRAME_SIZE = 2048
/** The level of byte 0; byte 255 is 0 dB, a full-scale sine. */
export const FLOOR_DB = -120

/** The lowest frequency drawn: slightly below the lowest string of a bass. */
const LOWEST_HZ = 30

export interface SpectrumShape {
  rateHz: number
  rows: number
  axis: FrequencyAxis
}

/**
 * One frame for each of `nColumns` columns between two positions in samples, centred on the
 * column. Silence outside the sound. Frames are contiguous, so that the buffer can be sent to a worker.
 */
export function gatherFrames(samples: Float32Array, from: number, to: number, nColumns: number): Float32Array {
  const frames = new Float32Array(nColumns * FRAME_SIZE)
  for (let x = 0; x < nColumns; x++) {
    const centre = from + ((x + 0.5) * (to - from)) / nColumns
    const start = Math.round(centre - FRAME_SIZE / 2)
    const first = Math.max(0, start)
    const last = Math.min(samples.length, start + FRAME_SIZE)
    if (first < last) frames.set(samples.subarray(first, last), x * FRAME_SIZE + first - start)
  }
  return frames
}

/**
 * Levels of frames: one byte for each row and column, row by row, highest frequency first.
 * A row shows the loudest of the bins it covers.
 */
export function levelsFromFrames(frames: Float32Array, { rateHz, rows, axis }: SpectrumShape): Uint8Array<ArrayBuffer> {
  const nColumns = frames.length / FRAME_SIZE
  const levels = new Uint8Array(rows * nColumns)
  const window = hann(FRAME_SIZE)
  const fft = createFft(FRAME_SIZE)
  const re = new Float32Array(FRAME_SIZE)
  const im = new Float32Array(FRAME_SIZE)
  const edges = Float64Array.from({ length: rows + 1 }, (_, i) =>
    (frequencyAt(axis, 1 - i / rows, rateHz) * FRAME_SIZE) / rateHz)
  for (let x = 0; x < nColumns; x++) {
    for (let i = 0; i < FRAME_SIZE; i++) re[i] = frames[x * FRAME_SIZE + i]! * window[i]!
    im.fill(0)
    fft(re, im)
    for (let row = 0; row < rows; row++) {
      levels[row * nColumns + x] = byteFromPower(loudest(re, im, edges[row + 1]!, edges[row]!))
    }
  }
  return levels
}

/** The frequency at a share of the height: 0 is the bottom, 1 is half the sample rate. */
export function frequencyAt(axis: FrequencyAxis, share: number, rateHz: number): number {
  const lowest = warp(axis, LOWEST_HZ)
  return unwarp(axis, lowest + share * (warp(axis, rateHz / 2) - lowest))
}

/** The share of the height at which a frequency lies; the inverse of `frequencyAt`. */
export function shareAt(axis: FrequencyAxis, hz: number, rateHz: number): number {
  const lowest = warp(axis, LOWEST_HZ)
  return (warp(axis, hz) - lowest) / (warp(axis, rateHz / 2) - lowest)
}

/** Mel after O'Shaughnessy (1987), as HTK uses it. */
function warp(axis: FrequencyAxis, hz: number): number {
  return axis === 'mel' ? 2595 * Math.log10(1 + hz / 700) : Math.log(hz)
}

function unwarp(axis: FrequencyAxis, x: number): number {
  return axis === 'mel' ? 700 * (10 ** (x / 2595) - 1) : Math.exp(x)
}

/** The largest power between two fractional bin positions; within one bin interval, interpolated. */
function loudest(re: Float32Array, im: Float32Array, low: number, high: number): number {
  const first = Math.ceil(low)
  const last = Math.min(Math.floor(high), FRAME_SIZE / 2)
  if (first > last) {
    const share = low - Math.floor(low)
    return power(re, im, first - 1) * (1 - share) + power(re, im, first) * share
  }
  let most = 0
  for (let k = first; k <= last; k++) most = Math.max(most, power(re, im, k))
  return most
}

function power(re: Float32Array, im: Float32Array, k: number): number {
  return re[k]! * re[k]! + im[k]! * im[k]!
}

/** A full-scale sine has magnitude `FRAME_SIZE / 4`: half of the frame, halved again by the window. */
function byteFromPower(power: number): number {
  const db = 10 * Math.log10(power / (FRAME_SIZE / 4) ** 2 + 1e-20)
  return Math.max(0, Math.min(255, Math.round(255 * (1 - db / FLOOR_DB))))
}
