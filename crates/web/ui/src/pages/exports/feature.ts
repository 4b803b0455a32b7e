import PackageOpen from '@lucide/svelte/icons/package-open'

import type { Feature } from '$lib/feature'

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
      stop: { title: 'action.cancel', run: async (job) => (await import('./actions')).cancelExport(job) },
    },
  },
  find: { heading: 'palette.exports', load: async (signal) => (await import('./actions')).findExports(signal) },
}
