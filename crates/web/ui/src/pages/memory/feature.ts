import AudioWaveform from '@lucide/svelte/icons/audio-waveform'

import type { Feature } from '$lib/feature'

export const memory: Feature = {
  section: 'memory',
  place: { title: 'nav.memory', href: '/memory', icon: AudioWaveform, key: 'y' },
  pages: [
    { pattern: '/memory', title: 'nav.memory', load: () => import('./MemoryPage.svelte') },
    { pattern: '/memory/:id', title: 'nav.memory', load: () => import('./PatternPage.svelte') },
  ],
  kinds: {
    memory: { title: 'job.memory', list: 'memory-jobs', href: () => '/memory' },
  },
}
