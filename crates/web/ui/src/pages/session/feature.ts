import type { Feature } from '$lib/feature'

export const session: Feature = {
  section: 'models',
  pages: [{ pattern: '/models/:id/play', title: 'nav.play', load: () => import('./SessionPage.svelte'), isOfChoice: true }],
  kinds: { session: { title: 'job.session', href: () => '/models' } },
}
