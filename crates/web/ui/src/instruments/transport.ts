// Mounts the transport below the page the first time something is played.

import { mount } from 'svelte'

let isMounted = false

/** Loads and shows it; repeated calls do nothing. */
export async function showTransport(): Promise<void> {
  const target = document.getElementById('transport')
  if (isMounted || !target) return
  isMounted = true
  try {
    const { default: Transport } = await import('./Transport.svelte')
    mount(Transport, { target })
  } catch {
    // Loading failed (the studio is gone); the next sound tries again.
    isMounted = false
  }
}
