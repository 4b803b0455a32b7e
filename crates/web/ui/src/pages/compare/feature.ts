import type { Feature } from '$lib/feature'

export const compare: Feature = {
  section: 'runs',
  pages: [{ pattern: '/compare', title: 'compareRuns.title', load: () => import('./ComparePage.svelte'), isOfChoice: true }],
}
