import type { Feature } from '$lib/feature'

export const notes: Feature = {
  section: 'library',
  pages: [{ pattern: '/library/:id/notes', title: 'title.notes', load: () => import('./NotesPage.svelte') }],
}
