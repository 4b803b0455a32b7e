import Gamepad from '@lucide/svelte/icons/gamepad-2'

import { games as ask } from '$lib/api'
import type { Feature } from '$lib/feature'

export const games: Feature = {
  section: 'games',
  place: { title: 'nav.games', href: '/games', icon: Gamepad, key: 'g' },
  pages: [
    { pattern: '/games', title: 'nav.games', load: () => import('./GamesPage.svelte') },
    { pattern: '/games/:key', title: 'nav.games', load: () => import('./GamePage.svelte') },
  ],
  find: { heading: 'palette.games', load: async (signal) => (await ask(signal)).map(({ key, title }) => ({ title, href: `/games/${key}` })) },
}
