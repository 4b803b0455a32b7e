// What an import is asked to take, from what was found and ticked.

import type { Finding, Findings, ImportTask } from '$lib/api'
import { below } from '$lib/paths'

/** The address that shows what lies in a folder or a file. */
export const findingsHref = (path: string): string => `/import?path=${encodeURIComponent(path)}`

/** What a person chose of it. */
export interface Wanted {
  chosen: Finding[]
  /** Used where one thing is chosen; empty for the name it has. */
  name: string
  /** Whether a run is only wanted for its best checkpoint. */
  isModelOnly: boolean
}

/** The one thing that is chosen, if it is one. */
export const onlyOf = (chosen: Finding[]): Finding | undefined => (chosen.length === 1 ? chosen[0] : undefined)

export function orderOf(found: Findings, { chosen, name, isModelOnly }: Wanted): ImportTask {
  const only = onlyOf(chosen)
  const named = { name: (only && name.trim()) || null }
  if (only?.kind === 'run' && isModelOnly) {
    // What one model is made of is named by its path; `.` is the folder that was looked at.
    const path = only.key === '.' ? found.path : below(found.path, only.key)
    return { path, items: [], as_model: true, ...named }
  }
  return { path: found.path, items: chosen.map((item) => item.key), as_model: false, ...named }
}
