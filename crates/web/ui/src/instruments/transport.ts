// Puts the transport below the page the first time that there is something to play.

import { mount } from 'svelte'

let isMounted = false

/** Loads and shows it; further calls do nothing. */
export async function showTransport(): Promise<void> {
  const target = document.getElementById('transport')
  if (isMounted || !target) return
  isMounted = true
  try {
    const { default: Transport } = await import('./Transport.svelte')
    mount(Transport, { target })
  } catch {
    // It did not load (the studio is gone); the next sound asks again.
    isMounted = false
  }
}
