// Deleting datasets, with undo, and a warning about the runs that need them.

import './en'

import { type Dataset, deleteDataset, restoreDataset, type Run, runs as ask } from '$lib/api'
import { t, tn } from '$lib/i18n'
import { moveToTrash } from '$lib/trash.svelte'

/** The warning before datasets are deleted: the runs that were trained on them. */
export function lackedBy(ids: readonly string[], runs: readonly Pick<Run, 'name' | 'dataset'>[]): string {
  const lacking = runs.filter(({ dataset }) => dataset && ids.includes(dataset))
  const [first] = lacking
  if (!first) return ''
  return lacking.length === 1 ? t('dataset.lackedByOne', { name: first.name }) : tn('dataset.lackedBy', lacking.length)
}

/** Moves datasets to the trash, with undo; returns those that were moved. */
export async function deleteDatasets<T extends Pick<Dataset, 'id' | 'name'>>(datasets: readonly T[]): Promise<T[]> {
  // Deleting works even without the list of runs.
  const runs = await ask().catch(() => [])
  return moveToTrash(datasets, deleteDataset, restoreDataset, (gone) => lackedBy(gone.map((one) => one.id), runs))
}
