// The studio's table of job kinds and their actions, fetched once; a kind in it works without any code in the pages.

import { type JobKind, type JobKindInfo, kinds as ask } from '$lib/api'

let rows = $state.raw<readonly JobKindInfo[]>([])

export const rowOf = (kind: JobKind): JobKindInfo | undefined => rows.find((row) => row.kind === kind)
export const allRows = (): readonly JobKindInfo[] => rows

/** Loads the table; call once, while setting up the shell. Without it, jobs can be viewed but not ended. */
export function startKinds(load: () => Promise<JobKindInfo[]> = ask): void {
  load().then(
    (answer) => (rows = answer),
    () => undefined,
  )
}
