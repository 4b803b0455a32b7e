import Import from '@lucide/svelte/icons/import'

import type { Feature } from '$lib/feature'

export const imports: Feature = {
  section: 'import',
  place: { title: 'nav.import', href: '/import', icon: Import, key: 'i' },
  pages: [{ pattern: '/import', title: 'title.import', isOfAnyProject: true, load: () => import('./ImportPage.svelte') }],
  kinds: {
    import: {
      title: 'job.import',
      list: 'imports',
      href: ({ id }) => `/import?job=${id}`,
    },
  },
}
