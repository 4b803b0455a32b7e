import Workflow from '@lucide/svelte/icons/workflow'

import type { Feature } from '$lib/feature'

export const flows: Feature = {
  section: 'flows',
  place: { title: 'nav.flows', href: '/flows', icon: Workflow, key: 'f' },
  pages: [
    { pattern: '/flows', title: 'nav.flows', load: () => import('./FlowsPage.svelte') },
    { pattern: '/flows/new', title: 'nav.flows', isOfAnyProject: true, load: () => import('./EditorPage.svelte') },
    { pattern: '/flows/:id', title: 'nav.flows', load: () => import('./FlowPage.svelte') },
    { pattern: '/flows/:id/edit', title: 'nav.flows', isOfAnyProject: true, load: () => import('./EditorPage.svelte') },
    { pattern: '/flow-runs/:id', title: 'nav.flows', isOfAnyProject: true, load: () => import('./RunPage.svelte') },
  ],
}
