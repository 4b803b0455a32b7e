// Peaks of a dataset's files, asked for when they are to be drawn, and kept: they never change.

import { datasetPeaks } from '$lib/api'
import { type Envelope, envelopeFromPeaks } from '$instruments/envelope'

const KEPT_MAX = 300
const kept = new Map<string, Envelope>()

/** The shape of a file; from memory if it was drawn before. */
export async function fileEnvelope(dataset: string, idx: number, signal?: AbortSignal): Promise<Envelope> {
  const key = `${dataset}/${idx}`
  const known = kept.get(key)
  if (known) return known
  const envelope = envelopeFromPeaks(await datasetPeaks(dataset, idx, signal))
  kept.set(key, envelope)
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value ?? '')
  return envelope
}
