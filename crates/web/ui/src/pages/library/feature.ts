import Library from '@lucide/svelte/icons/library'

import type { Feature } from '$lib/feature'

export const library: Feature = {
  section: 'library',
  place: { title: 'nav.library', href: '/library', icon: Library, key: 'l' },
  pages: [
    { pattern: '/library', title: 'nav.library', load: () => import('./LibraryPage.svelte') },
    { pattern: '/library/:id', title: 'nav.library', load: () => import('./ItemPage.svelte') },
  ],
  kinds: {
    analyse: { title: 'job.analyse', list: 'library', href: () => '/library' },
  },
}
