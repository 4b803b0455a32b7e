// The request for an import, from the items found and ticked.

import type { Finding, Findings, ImportTask } from '$lib/api'
import { below } from '$lib/paths'

/** The address that shows the findings in a folder or file. */
export const findingsHref = (path: string): string => `/import?path=${encodeURIComponent(path)}`

/** The user's choices. */
export interface Wanted {
  chosen: Finding[]
  /** Used if a single item is chosen; empty to keep its name. */
  name: string
  /** Whether only the best checkpoint of a run is wanted. */
  isModelOnly: boolean
}

/** The chosen item, if there is exactly one. */
export const onlyOf = (chosen: Finding[]): Finding | undefined => (chosen.length === 1 ? chosen[0] : undefined)

export function orderOf(found: Findings, { chosen, name, isModelOnly }: Wanted): ImportTask {
  const only = onlyOf(chosen)
  const named = { name: (only && name.trim()) || null }
  if (only?.kind === 'run' && isModelOnly) {
    // An import as a single model names its source by path; `.` is the inspected folder itself.
    const path = only.key === '.' ? found.path : below(found.path, only.key)
    return { path, items: [], as_model: true, ...named }
  }
  return { path: found.path, items: chosen.map((item) => item.key), as_model: false, ...named }
}
