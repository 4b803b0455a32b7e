// Deleting datasets, with the way back.

import { type Dataset, deleteDataset, restoreDataset } from '$lib/api'
import { moveToTrash } from '$lib/trash.svelte'

/** Puts them into the trash and offers to bring them back; gives those that are gone. */
export const deleteDatasets = <T extends Pick<Dataset, 'id' | 'name'>>(datasets: readonly T[]): Promise<T[]> =>
  moveToTrash(datasets, deleteDataset, restoreDataset)
