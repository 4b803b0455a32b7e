// The tab's title: what the page shows, and how far the first running job is.

import { percent } from '$lib/format'
import { t } from '$lib/i18n'

import { activeJobs, shareOf } from './jobs.svelte'

let subject = $state('')

/** Names what the page shows; call it in an effect when the name is known. */
export function setTitle(text: string): void {
  subject = text
}

export function startTitle(): void {
  const running = $derived(activeJobs().find((job) => job.state.state === 'running'))
  $effect(() => {
    const share = running && shareOf(running)
    const done = share === undefined ? '' : `${percent(share)} · `
    document.title = `${done}${subject ? `${subject} – ` : ''}${t('app.name')}`
  })
}
