import Database from '@lucide/svelte/icons/database'

import { datasets as ask } from '$lib/api'
import type { Feature } from '$lib/feature'

export const datasets: Feature = {
  section: 'datasets',
  place: { title: 'nav.datasets', href: '/datasets', icon: Database, key: 'd' },
  pages: [
    { pattern: '/datasets', title: 'nav.datasets', load: () => import('./DatasetsPage.svelte') },
    { pattern: '/datasets/new', title: 'title.newDataset', isOfAnyProject: true, load: () => import('./NewDatasetPage.svelte') },
    { pattern: '/datasets/:id', title: 'nav.datasets', load: () => import('./DatasetPage.svelte') },
  ],
  kinds: {
    prepare: {
      title: 'job.prepare',
      list: 'datasets',
      href: ({ id }) => `/datasets/${id}`,
    },
  },
  find: { heading: 'palette.datasets', load: async (signal) => (await ask(signal)).map(({ id, name }) => ({ title: name, href: `/datasets/${id}` })) },
}
