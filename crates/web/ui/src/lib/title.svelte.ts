// The tab's title and icon: the name of the page, and the progress of the first running job.

import { percent } from '$lib/format'
import { t } from '$lib/i18n'

import { activeJobs, shareOf } from './jobs.svelte'

let subject = $state('')

/** Sets the page's name in the title; call it in an effect, once the name is known. */
export function setTitle(text: string): void {
  subject = text
}

export function startTitle(): void {
  const running = $derived(activeJobs().find((job) => job.state.state === 'running'))
  $effect(() => {
    const share = running && shareOf(running)
    const done = share === undefined ? '' : `${percent(share)} · `
    drawIcon(share)
    document.title = `${done}${subject ? `${subject} – ` : ''}${t('app.name')}`
  })
}

const ICON = '/icon.svg'
/** The circumference of a circle of radius 12. */
const ROUND = 2 * Math.PI * 12

/** A progress ring in place of the icon while a job runs. Its colours suit light and dark tabs. */
function drawIcon(share: number | undefined): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
  if (!link) return
  if (share === undefined) {
    // Assigning the same URL would reload it.
    if (link.getAttribute('href') !== ICON) link.href = ICON
    return
  }
  const ring = (colour: string, length: number) =>
    `<circle cx="16" cy="16" r="12" fill="none" stroke="${colour}" stroke-width="6" stroke-dasharray="${length} ${ROUND}" transform="rotate(-90 16 16)"/>`
  const done = Math.round(share * 50) / 50
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${ring('#8a90a0', ROUND)}${ring('#6673ee', done * ROUND)}</svg>`
  link.href = `data:image/svg+xml,${encodeURIComponent(svg)}`
}
