import type { Feature } from '$lib/feature'

/** Has no entry in the rail: the switcher at its top leads here. */
export const projects: Feature = {
  section: 'projects',
  pages: [
    { pattern: '/projects', title: 'projects.title', isOfAnyProject: true, load: () => import('./ProjectsPage.svelte') },
    { pattern: '/projects/:id', title: 'projects.title', isOfAnyProject: true, load: () => import('./ProjectPage.svelte') },
  ],
}
