// Deleting a dataset, with the way back.

import { type Dataset, deleteDataset, restoreDataset } from '$lib/api'
import { t } from '$lib/i18n'
import { attempt, toastUndo } from '$lib/toasts.svelte'

/** Puts it into the trash and offers to bring it back; whether it is gone. */
export async function deleteWithUndo(dataset: Pick<Dataset, 'id' | 'name'>): Promise<boolean> {
  const isGone = await attempt(() => deleteDataset(dataset.id))
  if (isGone) toastUndo(t('datasets.deleted', { name: dataset.name }), () => restoreDataset(dataset.id))
  return isGone
}
