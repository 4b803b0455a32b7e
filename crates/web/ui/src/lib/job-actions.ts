// What can be asked of a job, whatever it makes.

import { cancelDataset, deleteExport, deleteImport, deleteMeasure, type Job, restartDataset, resumeRun, stopRun } from '$lib/api'
import { t } from '$lib/i18n'
import { toast } from '$lib/toasts.svelte'

interface Action {
  title: string
  run: () => Promise<unknown>
}

/** Ends a job that waits or runs; nothing if its kind is too short to be stopped. */
export function stopOf(job: Job): Action | undefined {
  if (job.kind === 'prepare') return { title: t('action.cancel'), run: () => cancelDataset(job.id) }
  if (job.kind === 'import') return { title: t('action.cancel'), run: () => deleteImport(job.id) }
  if (job.kind === 'train') return { title: t('action.stop'), run: () => stopRun(job.id) }
  if (job.kind === 'export') return { title: t('action.cancel'), run: () => cancelExport(job) }
  if (job.kind === 'measure') return { title: t('action.cancel'), run: () => deleteMeasure(job.id) }
  return undefined
}

/** Ends an export that waits or runs, and says so: nothing of it is left to look at. */
export async function cancelExport({ id, name }: Job): Promise<void> {
  await deleteExport(id)
  toast(t('exports.cancelled', { name }))
}

/** Goes on with a job that ended early: a training from its last checkpoint, a preparation from its start. */
export function resumeOf(job: Job): Action | undefined {
  if (!['stopped', 'failed', 'interrupted'].includes(job.state.state)) return undefined
  if (job.kind === 'train') return { title: t('action.resume'), run: () => resumeRun(job.id) }
  if (job.kind === 'prepare') return { title: t('action.restart'), run: () => restartDataset(job.id) }
  return undefined
}
