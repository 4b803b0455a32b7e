import Box from '@lucide/svelte/icons/box'

import { models as ask } from '$lib/api'
import type { Feature } from '$lib/feature'

export const models: Feature = {
  section: 'models',
  place: { title: 'nav.models', href: '/models', icon: Box, key: 'm' },
  pages: [
    { pattern: '/models', title: 'nav.models', load: () => import('./ModelsPage.svelte') },
    { pattern: '/models/weights', title: 'nav.models', load: () => import('./WeightsPage.svelte') },
    { pattern: '/models/engines', title: 'nav.models', load: () => import('./EnginesPage.svelte') },
    { pattern: '/models/:id', title: 'nav.models', load: () => import('./ModelPage.svelte') },
  ],
  kinds: {
    // A reconstruction is shown on its model's page, but only its own record names the model.
    reconstruct: { title: 'job.reconstruct', list: 'reconstructions', href: () => '/models' },
    // The result of a conversion goes to its caller.
    convert: { title: 'job.convert', href: () => '/models' },
  },
  find: { heading: 'palette.models', load: async (signal) => (await ask(signal)).map(({ id, name }) => ({ title: name, href: `/models/${id}` })) },
}
