// What can be asked of an export, wherever it is shown.

import { deleteExport, type Export, openExport, restoreExport } from '$lib/api'
import { t } from '$lib/i18n'
import { isActive, newest } from '$lib/jobs.svelte'
import { attempt, toast, toastUndo } from '$lib/toasts.svelte'

import { cancelExport } from './feature'

/** Cancels one that is under way; moves another to the trash, which can be undone. Gives whether it worked. */
export async function removeExport({ id, job }: Export): Promise<boolean> {
  if (isActive(newest(job))) return attempt(() => cancelExport(job))
  if (!(await attempt(() => deleteExport(id)))) return false
  toastUndo(t('exports.deleted', { name: job.name }), () => restoreExport(id))
  return true
}

/** Shows its folder in the file manager of the studio's computer. */
export async function showFolder({ id }: Export): Promise<void> {
  if (await attempt(() => openExport(id))) toast(t('export.opened'))
}
