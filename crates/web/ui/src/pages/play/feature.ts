import type { Feature } from '$lib/feature'

export const play: Feature = {
  section: 'games',
  pages: [{ pattern: '/play/:key', title: 'nav.play', load: () => import('./PlayPage.svelte'), isOfChoice: true }],
  kinds: {
    play: { title: 'job.play', href: () => '/games' },
  },
}
