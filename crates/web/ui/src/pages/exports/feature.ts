import PackageOpen from '@lucide/svelte/icons/package-open'

import { deleteExport, exports as ask, type Job } from '$lib/api'
import type { Feature } from '$lib/feature'
import { t } from '$lib/i18n'
import { toast } from '$lib/toasts.svelte'

export const exports: Feature = {
  section: 'exports',
  place: { title: 'nav.exports', href: '/exports', icon: PackageOpen, key: 'e' },
  pages: [
    { pattern: '/export', title: 'title.newExport', load: () => import('./NewExportPage.svelte') },
    { pattern: '/exports', title: 'nav.exports', load: () => import('./ExportsPage.svelte') },
    { pattern: '/exports/:id', title: 'nav.exports', load: () => import('./ExportPage.svelte') },
  ],
  kinds: {
    export: {
      title: 'job.export',
      list: 'exports',
      href: ({ id }) => `/exports/${id}`,
      stop: { title: 'action.cancel', run: cancelExport },
    },
  },
  find: {
    heading: 'palette.exports',
    load: async (signal) =>
      (await ask(signal)).map(({ id, job, task }) => ({ title: t('export.nameFor', { name: job.name, target: t(`export.short.${task.form.to}`) }), href: `/exports/${id}` })),
  },
}

/** Ends an export that waits or runs, and says so: nothing of it is left to look at. */
export async function cancelExport({ id, name }: Job): Promise<void> {
  await deleteExport(id)
  toast(t('exports.cancelled', { name }))
}
