import Trash from '@lucide/svelte/icons/trash-2'

import type { Feature } from '$lib/feature'

export const trash: Feature = {
  section: 'trash',
  place: { title: 'trash.title', href: '/trash', icon: Trash, key: 't', isAbout: true },
  pages: [{ pattern: '/trash', title: 'trash.title', isOfAnyProject: true, load: () => import('./TrashPage.svelte') }],
}
