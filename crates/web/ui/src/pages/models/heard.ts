// Which reconstruction of a model is in sight.

import type { Reconstruction, ReconstructionResult } from '$lib/api'

export type Heard = Reconstruction & { result: ReconstructionResult }

/** The one that was asked for, or the newest; and one to hear meanwhile, while that one is made or when it failed. */
export function heardOf(list: readonly Reconstruction[], wanted: string | null): { shown: Reconstruction | undefined; heard: Heard | undefined } {
  const shown = list.find((one) => one.id === wanted) ?? list[0]
  const isThere = (one: Reconstruction | undefined): one is Heard => Boolean(one?.result)
  return { shown, heard: isThere(shown) ? shown : list.find(isThere) }
}
