// Deleting datasets, with the way back, and with the runs that need them.

import './en'

import { type Dataset, deleteDataset, restoreDataset, type Run, runs as ask } from '$lib/api'
import { t, tn } from '$lib/i18n'
import { moveToTrash } from '$lib/trash.svelte'

/** What to know before the datasets with these identifiers are gone: the runs that were trained on them. */
export function lackedBy(ids: readonly string[], runs: readonly Pick<Run, 'name' | 'dataset'>[]): string {
  const lacking = runs.filter(({ dataset }) => dataset && ids.includes(dataset))
  const [first] = lacking
  if (!first) return ''
  return lacking.length === 1 ? t('dataset.lackedByOne', { name: first.name }) : tn('dataset.lackedBy', lacking.length)
}

/** Puts them into the trash and offers to bring them back; gives those that are gone. */
export async function deleteDatasets<T extends Pick<Dataset, 'id' | 'name'>>(datasets: readonly T[]): Promise<T[]> {
  // Without the list of runs, deleting works all the same.
  const runs = await ask().catch(() => [])
  return moveToTrash(datasets, deleteDataset, restoreDataset, (gone) => lackedBy(gone.map((one) => one.id), runs))
}
