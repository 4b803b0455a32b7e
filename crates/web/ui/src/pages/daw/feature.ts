import type { Feature } from '$lib/feature'

export const daw: Feature = {
  section: 'library',
  pages: [
    { pattern: '/daw', title: 'title.daw', load: () => import('./DawPage.svelte') },
    { pattern: '/daw/project', title: 'title.dawProject', load: () => import('./DawProjectPage.svelte'), isOfChoice: true },
  ],
}
