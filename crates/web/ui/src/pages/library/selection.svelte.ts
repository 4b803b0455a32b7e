// Sounds of the list that are selected, and what is done with several at once.

import { SvelteMap } from 'svelte/reactivity'

import { type LibraryItem, type LibraryItemChange } from '$lib/api'

import { changeLibraryItem, removeLibraryItem, restoreLibraryItem } from '$lib/api/library'
import { toastProblem } from '$lib/toasts.svelte'

/** The most sounds that can be selected; as many as are converted at once. */
export const SELECTED_MAX = 500

/** The rows that a list gives, of which not all are loaded. */
interface Rows {
  total?: number | undefined
  loaded: (index: number) => Promise<LibraryItem | undefined>
}

export class Selection {
  #items = new SvelteMap<string, LibraryItem>()
  /** Where a range begins. */
  #anchor = 0

  get size(): number {
    return this.#items.size
  }
  get all(): LibraryItem[] {
    return [...this.#items.values()]
  }
  has(id: string): boolean {
    return this.#items.has(id)
  }

  /** Selects a row, or selects it no more. */
  toggle(index: number, item: LibraryItem): void {
    this.#anchor = index
    if (!this.#items.delete(item.id)) this.#add(item)
  }

  /** Selects all rows from where the last one was selected to this one; from `at` where none is. */
  async extend(rows: Rows, at: number, to: number): Promise<void> {
    if (this.size === 0) this.#anchor = at
    await this.#addAll(rows, Math.min(this.#anchor, to), Math.max(this.#anchor, to))
  }

  /** Selects every row, up to the most that can be. */
  async selectAll(rows: Rows): Promise<void> {
    this.#anchor = 0
    await this.#addAll(rows, 0, (rows.total ?? 0) - 1)
  }

  /** Puts a newer version in the place of a selected sound. */
  replace(newer: LibraryItem): void {
    if (this.#items.has(newer.id)) this.#items.set(newer.id, newer)
  }

  remove(id: string): void {
    this.#items.delete(id)
  }

  clear(): void {
    this.#items.clear()
  }

  async #addAll(rows: Rows, from: number, to: number): Promise<void> {
    for (let index = from; index <= to && this.size < SELECTED_MAX; index++) {
      const item = await rows.loaded(index)
      if (item) this.#add(item)
    }
  }

  #add(item: LibraryItem): void {
    if (this.size < SELECTED_MAX) this.#items.set(item.id, item)
  }
}

/** Sounds with another mark, as they were before and as they are now. */
export interface Changed {
  before: LibraryItem
  now: LibraryItem
}

/** Changes the marks of sounds, one after the other; those that cannot be changed are said, and left as they are. */
export async function changeAll(items: readonly LibraryItem[], changeOf: (item: LibraryItem) => LibraryItemChange): Promise<Changed[]> {
  const changed: Changed[] = []
  await eachOf(items, async (before) => {
    changed.push({ before, now: (await changeLibraryItem(before.id, changeOf(before))).item })
  })
  return changed
}

/** Gives sounds the marks again that they had. */
export async function changeBack(changed: readonly Changed[]): Promise<LibraryItem[]> {
  const back: LibraryItem[] = []
  for (const { before } of changed) {
    const { rating, tags, collections } = before
    back.push((await changeLibraryItem(before.id, { rating, tags, collections })).item)
  }
  return back
}

/** Takes sounds out of the library; returns those that are out. */
export async function removeAll(items: readonly LibraryItem[]): Promise<LibraryItem[]> {
  const gone: LibraryItem[] = []
  await eachOf(items, async (item) => {
    await removeLibraryItem(item.id)
    gone.push(item)
  })
  return gone
}

/** Lists sounds again that were taken out; those whose files were missing are gone. */
export async function restoreAll(items: readonly LibraryItem[]): Promise<void> {
  for (const item of items) if (!item.is_missing) await restoreLibraryItem(item.id)
}

/** Does something with each, whatever becomes of the others; the last thing that went wrong is said. */
async function eachOf(items: readonly LibraryItem[], act: (item: LibraryItem) => Promise<unknown>): Promise<void> {
  let failure: unknown
  for (const item of items) await act(item).catch((thrown: unknown) => (failure = thrown))
  if (failure !== undefined) toastProblem(failure)
}

/** Words with others behind them, each once. */
export const withWords = (words: readonly string[], more: readonly string[]): string[] => [...new Set([...words, ...more])]
