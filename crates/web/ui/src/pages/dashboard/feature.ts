import LayoutDashboard from '@lucide/svelte/icons/layout-dashboard'

import type { Feature } from '$lib/feature'

export const dashboard: Feature = {
  section: 'dashboard',
  place: { title: 'nav.dashboard', href: '/', icon: LayoutDashboard, key: 'h' },
  pages: [{ pattern: '/', title: 'nav.dashboard', load: () => import('./DashboardPage.svelte') }],
}
