// Peaks of a dataset's files, asked for when they are to be drawn, and kept: they never change.

import { datasetPeaks, type Peaks } from '$lib/api'

const KEPT_MAX = 300
const kept = new Map<string, Peaks>()

/** The peaks of a file; from memory if it was drawn before. */
export async function filePeaks(dataset: string, idx: number, signal?: AbortSignal): Promise<Peaks> {
  const key = `${dataset}/${idx}`
  const known = kept.get(key)
  if (known) return known
  const peaks = await datasetPeaks(dataset, idx, signal)
  kept.set(key, peaks)
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value ?? '')
  return peaks
}
