import CircleCheck from '@lucide/svelte/icons/circle-check'

import type { Feature } from '$lib/feature'

export const health: Feature = {
  section: 'health',
  place: { title: 'nav.health', href: '/health', icon: CircleCheck, isAbout: true },
  pages: [{ pattern: '/health', title: 'nav.health', isOfAnyProject: true, load: () => import('./HealthPage.svelte') }],
}
