import Settings from '@lucide/svelte/icons/settings'

import type { Feature } from '$lib/feature'

export const settings: Feature = {
  section: 'settings',
  place: { title: 'nav.settings', href: '/settings', icon: Settings, key: 's', isAbout: true },
  pages: [{ pattern: '/settings', title: 'nav.settings', isOfAnyProject: true, load: () => import('./SettingsPage.svelte') }],
}
