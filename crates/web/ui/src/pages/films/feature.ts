import Clapperboard from '@lucide/svelte/icons/clapperboard'

import { films as ask } from '$lib/api/films'
import type { Feature } from '$lib/feature'

export const films: Feature = {
  section: 'films',
  place: {
    title: 'nav.films',
    href: '/videos',
    icon: Clapperboard,
    key: 'v',
    badge: { list: 'films', title: 'nav.newFilms', load: async (signal) => (await ask(signal)).filter(({ is_new, result }) => is_new && result).length },
  },
  pages: [
    { pattern: '/videos', title: 'nav.films', load: () => import('./FilmsPage.svelte') },
    { pattern: '/videos/:id', title: 'nav.films', load: () => import('./FilmPage.svelte') },
  ],
  kinds: {
    film: { title: 'job.film', list: 'films', href: ({ id }) => `/videos/${id}` },
  },
  find: { heading: 'palette.films', load: async (signal) => (await ask(signal)).map(({ id, job }) => ({ title: job.name, href: `/videos/${id}` })) },
}
