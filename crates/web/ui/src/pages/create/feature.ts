import { sounds } from '$lib/api/sounds'
import AudioLines from '@lucide/svelte/icons/audio-lines'

import type { Feature } from '$lib/feature'

export const create: Feature = {
  section: 'create',
  place: { title: 'nav.create', href: '/create', icon: AudioLines, key: 'c' },
  pages: [
    { pattern: '/create', title: 'nav.create', load: () => import('./GalleryPage.svelte') },
    { pattern: '/create/generate', title: 'nav.create', load: () => import('./GeneratePage.svelte') },
    { pattern: '/create/words', title: 'nav.create', load: () => import('./WordsPage.svelte') },
    { pattern: '/create/style', title: 'nav.create', load: () => import('./StylePage.svelte') },
    { pattern: '/create/blend', title: 'nav.create', load: () => import('./BlendPage.svelte') },
    { pattern: '/create/sounds/:id', title: 'nav.create', load: () => import('./SoundPage.svelte') },
    { pattern: '/create/generations/:id', title: 'nav.create', load: () => import('./GenerationPage.svelte') },
  ],
  find: {
    heading: 'palette.sounds',
    load: async (signal) => {
      return (await sounds(signal)).map(({ id, card }) => ({ title: card.name, href: `/create/sounds/${id}` }))
    },
  },
  kinds: {
    generate: { title: 'job.generate', list: 'generations', href: ({ id }) => `/create/generations/${id}` },
  },
}
