import type { Feature } from '$lib/feature'

export const workbench: Feature = {
  section: 'library',
  pages: [
    { pattern: '/library/convert', title: 'job.change', load: () => import('./ConvertManyPage.svelte'), isOfChoice: true },
    { pattern: '/library/:id/tune', title: 'job.change', load: () => import('./TunePage.svelte') },
    { pattern: '/library/:id/grid', title: 'job.change', load: () => import('./GridPage.svelte') },
    { pattern: '/library/:id/stretch', title: 'job.change', load: () => import('./StretchPage.svelte') },
    { pattern: '/library/:id/separate', title: 'job.change', load: () => import('./SeparatePage.svelte') },
    { pattern: '/library/:id/convert', title: 'job.change', load: () => import('./ConvertPage.svelte') },
    { pattern: '/library/:id/spectrum', title: 'job.change', load: () => import('./SpectrumPage.svelte') },
    { pattern: '/changes/:id', title: 'job.change', load: () => import('./ChangePage.svelte') },
  ],
  kinds: {
    change: { title: 'job.change', list: 'changes', href: ({ id }) => `/changes/${id}` },
  },
}
