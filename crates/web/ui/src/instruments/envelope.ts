// The waveform of a sound: minimum and maximum of every block, at several resolutions, so that
// drawing time depends on the width alone, whatever the length.

import type { Peaks } from '$lib/api/types'

/** One resolution: block `i` covers samples `i * block` to `(i + 1) * block`. Values in [-1, 1]. */
export interface Level {
  block: number
  min: Float32Array
  max: Float32Array
}

/** Levels from fine to coarse. */
export interface Envelope {
  rateHz: number
  nSamples: number
  levels: Level[]
}

/** The factor between the block sizes of neighbouring levels. */
const FACTOR = 4
/** The finest level computed; below it the samples themselves are drawn. */
const FINEST = 64

/** From mono samples in [-1, 1]; the first level holds the samples themselves. */
export function envelopeFromSamples(samples: Float32Array, rateHz: number): Envelope {
  const raw: Level = { block: 1, min: samples, max: samples }
  const levels = [raw]
  let level = coarser(raw, FINEST)
  while (level.min.length > 1) {
    levels.push(level)
    level = coarser(level, FACTOR)
  }
  return { rateHz, nSamples: samples.length, levels }
}

/** From the studio's stored peaks. */
export function envelopeFromPeaks(peaks: Peaks): Envelope {
  let level: Level = {
    block: peaks.block,
    min: Float32Array.from(peaks.min, (v) => v / 127),
    max: Float32Array.from(peaks.max, (v) => v / 127),
  }
  const levels = [level]
  while (level.min.length > FACTOR) {
    level = coarser(level, FACTOR)
    levels.push(level)
  }
  return { rateHz: peaks.rate_hz, nSamples: peaks.n_samples, levels }
}

/**
 * Minimum and maximum of each of `width` columns between two positions in samples. Reads the coarsest
 * level with at least one block per column; columns outside the sound are 0.
 */
export function columns(envelope: Envelope, from: number, to: number, width: number): Level {
  const step = (to - from) / width
  const level = envelope.levels.findLast((l) => l.block <= step) ?? envelope.levels[0]!
  const out: Level = { block: step, min: new Float32Array(width), max: new Float32Array(width) }
  for (let x = 0; x < width; x++) {
    const first = Math.floor((from + x * step) / level.block)
    const last = Math.max(first + 1, Math.ceil((from + (x + 1) * step) / level.block))
    const [min, max] = extremes(level, first, last)
    out.min[x] = min
    out.max[x] = max
  }
  return out
}

function extremes(level: Level, first: number, last: number): [number, number] {
  const start = Math.max(0, first)
  const end = Math.min(level.min.length, last)
  if (start >= end) return [0, 0]
  let min = Infinity
  let max = -Infinity
  for (let i = start; i < end; i++) {
    if (level.min[i]! < min) min = level.min[i]!
    if (level.max[i]! > max) max = level.max[i]!
  }
  return [min, max]
}

function coarser(level: Level, factor: number): Level {
  const n = Math.ceil(level.min.length / factor)
  const out: Level = { block: level.block * factor, min: new Float32Array(n), max: new Float32Array(n) }
  for (let i = 0; i < n; i++) {
    const [min, max] = extremes(level, i * factor, (i + 1) * factor)
    out.min[i] = min
    out.max[i] = max
  }
  return out
}
