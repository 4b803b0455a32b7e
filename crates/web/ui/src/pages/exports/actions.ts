// Actions on an export, wherever it is shown.

import './en'

import { deleteExport, type Export, exports as ask, type Job, openExport, restoreExport } from '$lib/api'
import type { Found } from '$lib/feature'
import { t } from '$lib/i18n'
import { isActive, newest } from '$lib/jobs.svelte'
import { attempt, toast, toastUndo } from '$lib/toasts.svelte'

/** Cancels an export in progress; otherwise moves it to the trash, with undo. Returns whether it worked. */
export async function removeExport({ id, job }: Export): Promise<boolean> {
  if (isActive(newest(job))) return attempt(() => cancelExport(job))
  if (!(await attempt(() => deleteExport(id)))) return false
  toastUndo(t('exports.deleted', { name: job.name }), () => restoreExport(id))
  return true
}

/** Opens its folder in the file manager of the studio's computer. */
export async function showFolder({ id }: Export): Promise<void> {
  if (await attempt(() => openExport(id))) toast(t('export.opened'))
}

/** Cancels a queued or running export and confirms it, as nothing of it remains to look at. */
export async function cancelExport({ id, name }: Job): Promise<void> {
  await deleteExport(id)
  toast(t('exports.cancelled', { name }))
}

/** All exports, under names that include their target. */
export async function findExports(signal: AbortSignal): Promise<Found[]> {
  const all = await ask(signal)
  return all.map(({ id, job, task }) => ({ title: t('export.nameFor', { name: job.name, target: t(`export.short.${task.form.to}`) }), href: `/exports/${id}` }))
}
