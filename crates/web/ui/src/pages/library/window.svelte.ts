// A long list of which only the parts in sight are loaded, by pages.

import { type Problem, problemOf } from '$lib/api'

/** Rows that are asked for at once. */
export const PAGE = 100
/** Pages that are kept; those that were in sight last. */
const PAGES_MAX = 60

interface Page<T> {
  total: number
  items: T[]
}
type Ask<T> = (offset: number, limit: number, signal: AbortSignal) => Promise<Page<T>>

/** The pages that rows from one to another, exclusive, lie in. */
export function pagesOf(from: number, to: number): number[] {
  if (to <= from) return []
  const first = Math.floor(from / PAGE)
  return Array.from({ length: Math.floor((to - 1) / PAGE) - first + 1 }, (_, i) => first + i)
}

export class ListWindow<T> {
  /** How many rows there are; undefined until the first answer. */
  total = $state<number>()
  /** Why the newest question failed, if it did; what was there before stays. */
  problem = $state.raw<Problem>()
  /** Whether an answer is pending. */
  isLoading = $state(false)

  #pages = $state.raw(new Map<number, T[]>())
  #ask: Ask<T> | undefined
  #asked = new Set<number>()
  #abort = new AbortController()
  #inSight: [from: number, to: number] = [0, PAGE]

  /** Lists something else, from its start; what was listed stays in sight until it is there. */
  async list(ask: Ask<T>): Promise<void> {
    this.#ask = ask
    this.#inSight = [0, PAGE]
    await this.refresh()
  }

  /** Asks again for what is in sight; the rest is forgotten. */
  async refresh(): Promise<void> {
    this.#abort.abort()
    this.#abort = new AbortController()
    this.#asked = new Set()
    const wanted = pagesOf(...this.#inSight)
    const answers = await this.#load(wanted.length > 0 ? wanted : [0])
    if (answers) this.#pages = answers
  }

  /** Says which rows are in sight, so that they are loaded. */
  need(from: number, to: number): void {
    this.#inSight = [from, to]
    const missing = pagesOf(from, to).filter((page) => !this.#pages.has(page) && !this.#asked.has(page))
    if (missing.length === 0) return
    void this.#load(missing).then((answers) => {
      if (!answers) return
      const all = [...this.#pages, ...answers]
      this.#pages = new Map(all.slice(-PAGES_MAX))
    })
  }

  /** A row, if it is loaded. */
  at(index: number): T | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE]
  }

  /** A row, loaded if need be; undefined past the end. */
  async loaded(index: number): Promise<T | undefined> {
    if (index < 0 || index >= (this.total ?? 0)) return undefined
    if (this.at(index) === undefined) {
      const answers = await this.#load([Math.floor(index / PAGE)])
      if (answers) this.#pages = new Map([...this.#pages, ...answers])
    }
    return this.at(index)
  }

  /** The place of a loaded row; -1 for one that is not there. */
  find(test: (row: T) => boolean): number {
    for (const [page, rows] of this.#pages) {
      const at = rows.findIndex(test)
      if (at >= 0) return page * PAGE + at
    }
    return -1
  }

  /** Puts newer versions in the place of loaded rows. */
  replace(test: (row: T) => boolean, newer: (row: T) => T): void {
    this.#pages = new Map([...this.#pages].map(([page, rows]) => [page, rows.map((row) => (test(row) ? newer(row) : row))]))
  }

  leave(): void {
    this.#abort.abort()
  }

  async #load(pages: number[]): Promise<Map<number, T[]> | undefined> {
    const ask = this.#ask
    if (!ask) return undefined
    const { signal } = this.#abort
    for (const page of pages) this.#asked.add(page)
    this.isLoading = true
    try {
      const answers = await Promise.all(pages.map(async (page) => [page, await ask(page * PAGE, PAGE, signal)] as const))
      if (signal.aborted) return undefined
      this.problem = undefined
      this.total = answers.at(-1)?.[1].total ?? this.total
      return new Map(answers.map(([page, { items }]) => [page, items]))
    } catch (thrown) {
      if (!signal.aborted) this.problem = problemOf(thrown)
      return undefined
    } finally {
      if (!signal.aborted) {
        this.isLoading = false
        for (const page of pages) this.#asked.delete(page)
      }
    }
  }
}
