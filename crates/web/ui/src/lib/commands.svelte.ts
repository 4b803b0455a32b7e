// Commands in the palette besides the pages: components add theirs while mounted.

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

/** Offers these while the component is mounted; `list` is called whenever the palette needs it. */
export function useCommands(list: () => Command[]): void {
  onMount(() => {
    active = [list, ...active]
    return () => {
      active = active.filter((one) => one !== list)
    }
  })
}
