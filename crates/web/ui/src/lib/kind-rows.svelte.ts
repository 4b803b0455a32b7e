// The studio's table of the kinds of job: what can be asked of each. Asked for once; a kind needs no more of the pages.

import { type JobKind, type JobKindInfo, kinds as ask } from '$lib/api'

let rows = $state.raw<readonly JobKindInfo[]>([])

export const rowOf = (kind: JobKind): JobKindInfo | undefined => rows.find((row) => row.kind === kind)
export const allRows = (): readonly JobKindInfo[] => rows

/** Loads the table; call once, while the shell is set up. Without it, jobs can be seen, and not be ended. */
export function startKinds(load: () => Promise<JobKindInfo[]> = ask): void {
  load().then(
    (answer) => (rows = answer),
    () => undefined,
  )
}
