// Files of a dataset that contain the same sound.

import type { DatasetDetail, SoundFile, SoundGroup } from '$lib/api'

/** Groups with their files, those with identical sound first; empty for older datasets, which have none. */
export function groupsOf(dataset: DatasetDetail): { kind: SoundGroup['kind']; files: SoundFile[] }[] {
  const groups = (dataset.groups ?? []).map(({ kind, files }) => ({
    kind,
    files: files.flatMap((idx) => dataset.files.find((file) => file.idx === idx) ?? []),
  }))
  return groups.filter(({ files }) => files.length > 1).sort((a, b) => a.kind.localeCompare(b.kind))
}

/** How many files duplicate another one. */
export function duplicatesOf(dataset: DatasetDetail): number {
  return groupsOf(dataset).reduce((sum, { files }) => sum + files.length - 1, 0)
}
