// What the command palette offers beyond the pages: parts of the page add their own while they are there.

import { onMount } from 'svelte'

export interface Command {
  title: string
  run: () => void
}

let active = $state.raw<(() => Command[])[]>([])

export const commands = {
  get all(): Command[] {
    return active.flatMap((list) => list())
  },
}

/** Offers these while the component is there; `list` is asked whenever the palette looks. */
export function useCommands(list: () => Command[]): void {
  onMount(() => {
    active = [list, ...active]
    return () => {
      active = active.filter((one) => one !== list)
    }
  })
}
