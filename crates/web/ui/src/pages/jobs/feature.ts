import ListTodo from '@lucide/svelte/icons/list-todo'

import type { Feature } from '$lib/feature'

export const jobs: Feature = {
  section: 'jobs',
  place: { title: 'nav.jobs', href: '/jobs', icon: ListTodo, key: 'j', isAbout: true },
  pages: [
    { pattern: '/jobs', title: 'nav.jobs', load: () => import('./JobsPage.svelte') },
    { pattern: '/jobs/:id', title: 'nav.jobs', load: () => import('./JobPage.svelte') },
  ],
}
