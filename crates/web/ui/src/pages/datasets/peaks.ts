// Waveforms and playback of a dataset's files. Peaks are cached, as they never change.

import { datasetAudioUrl, datasetPeaks, type Peaks, type SoundFile } from '$lib/api'

const KEPT_MAX = 300
const kept = new Map<string, Peaks>()

/** The peaks of a file; from the cache if already loaded. */
export async function filePeaks(dataset: string, idx: number, signal?: AbortSignal): Promise<Peaks> {
  const key = `${dataset}/${idx}`
  const known = kept.get(key)
  if (known) return known
  const peaks = await datasetPeaks(dataset, idx, signal)
  kept.set(key, peaks)
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value ?? '')
  return peaks
}

/** A file in the form the player expects. */
export const playableOf = (dataset: string, { idx, path }: SoundFile) => ({
  id: `dataset/${dataset}/${idx}`,
  title: path,
  tracks: [{ label: path, url: datasetAudioUrl(dataset, idx) }],
})
