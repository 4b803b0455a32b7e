// Which reconstruction of a model is shown.

import type { Reconstruction, ReconstructionResult } from '$lib/api'

export type Heard = Reconstruction & { result: ReconstructionResult }

/** The requested one, or the newest; plus one that can be played while that is in progress or if it failed. */
export function heardOf(list: readonly Reconstruction[], wanted: string | null): { shown: Reconstruction | undefined; heard: Heard | undefined } {
  const shown = list.find((one) => one.id === wanted) ?? list[0]
  const isThere = (one: Reconstruction | undefined): one is Heard => Boolean(one?.result)
  return { shown, heard: isThere(shown) ? shown : list.find(isThere) }
}
