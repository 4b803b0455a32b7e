import Activity from '@lucide/svelte/icons/activity'

import { runs as ask } from '$lib/api'
import type { Feature } from '$lib/feature'

export const runs: Feature = {
  section: 'runs',
  place: { title: 'nav.runs', href: '/runs', icon: Activity, key: 'r' },
  pages: [
    { pattern: '/runs', title: 'nav.runs', load: () => import('./RunsPage.svelte') },
    { pattern: '/runs/new', title: 'title.newRun', load: () => import('./NewRunPage.svelte') },
    { pattern: '/runs/:id', title: 'nav.runs', load: () => import('./RunPage.svelte') },
  ],
  kinds: {
    train: {
      title: 'job.train',
      list: 'runs',
      href: ({ id }) => `/runs/${id}`,
      stopping: 'job.stoppingHelp',
      interrupted: 'job.interruptedTraining',
    },
    measure: {
      title: 'job.measure',
      // A measurement is shown where the run is set up.
      href: () => '/runs/new',
    },
  },
  find: { heading: 'palette.runs', load: async (signal) => (await ask(signal)).map(({ id, name }) => ({ title: name, href: `/runs/${id}` })) },
}
