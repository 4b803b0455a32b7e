// A dataset's files as things to draw and to play; peaks are kept: they never change.

import { datasetAudioUrl, datasetPeaks, type Peaks, type SoundFile } from '$lib/api'

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

/** A file as the player wants it. */
export const playableOf = (dataset: string, { idx, path }: SoundFile) => ({
  id: `dataset/${dataset}/${idx}`,
  title: path,
  tracks: [{ label: path, url: datasetAudioUrl(dataset, idx) }],
})
