// Patterns that are selected on the page, to be exported or taken out together.

import { SvelteMap } from 'svelte/reactivity'

import type { Pattern } from '$lib/api'

export class Chosen {
  #all = new SvelteMap<string, Pattern>()

  get size(): number {
    return this.#all.size
  }
  get ids(): string[] {
    return [...this.#all.keys()]
  }
  has(id: string): boolean {
    return this.#all.has(id)
  }
  set(pattern: Pattern, isChosen: boolean): void {
    if (isChosen) this.#all.set(pattern.id, pattern)
    else this.#all.delete(pattern.id)
  }
  clear(): void {
    this.#all.clear()
  }
}
