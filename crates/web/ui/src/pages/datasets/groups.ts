// Files of a dataset that hold the same sound.

import type { DatasetDetail, SoundFile, SoundGroup } from '$lib/api'

/** Groups with their files, those of identical sound first; what an older dataset does not know is nothing. */
export function groupsOf(dataset: DatasetDetail): { kind: SoundGroup['kind']; files: SoundFile[] }[] {
  const groups = (dataset.groups ?? []).map(({ kind, files }) => ({
    kind,
    files: files.flatMap((idx) => dataset.files.find((file) => file.idx === idx) ?? []),
  }))
  return groups.filter(({ files }) => files.length > 1).sort((a, b) => a.kind.localeCompare(b.kind))
}

/** How many files repeat another one. */
export function duplicatesOf(dataset: DatasetDetail): number {
  return groupsOf(dataset).reduce((sum, { files }) => sum + files.length - 1, 0)
}
