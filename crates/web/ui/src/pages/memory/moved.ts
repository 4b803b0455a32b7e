// What was taken out of the memory can be put back for a while.

import type { MemoryMoved } from '$lib/api'
import { restoreToMemory } from '$lib/api/memory'
import { toast, toastUndo } from '$lib/toasts.svelte'

/** Says what was taken out, with a way back. */
export function toastMoved(said: string, { removed }: MemoryMoved, onchange: () => void): void {
  if (typeof removed !== 'number') return toast(said)
  toastUndo(said, async () => {
    await restoreToMemory(removed)
    onchange()
  })
}
