import CircleQuestionMark from '@lucide/svelte/icons/circle-question-mark'

import type { Feature } from '$lib/feature'

export const help: Feature = {
  section: 'help',
  place: { title: 'nav.help', href: '/help', icon: CircleQuestionMark, isAbout: true },
  pages: [
    { pattern: '/help', title: 'help.title', isOfAnyProject: true, load: () => import('./HelpPage.svelte') },
    { pattern: '/help/api', title: 'help.title', isOfAnyProject: true, load: () => import('./ApiPage.svelte') },
    { pattern: '/help/:topic', title: 'help.title', isOfAnyProject: true, load: () => import('./TopicPage.svelte') },
  ],
}
