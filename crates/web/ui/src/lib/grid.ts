// The arithmetic of a grid: which rows are in sight, in which order, and where keys lead.

import type { Snippet } from 'svelte'

export interface Column<T> {
  /** Its name in the address and in filters, like `length`. */
  key: string
  title: string
  /** What it is sorted by and filtered with. */
  value: (row: T) => string | number
  /** What it shows; the value if absent. */
  text?: (row: T) => string
  /** What it shows, where that is more than a text. */
  cell?: Snippet<[T]>
  /** A grid track, like `2fr` or `6rem`; `1fr` if absent. */
  width?: string
  /** Numbers stand at the end of their column. */
  isNumber?: boolean
  isSortable?: boolean
  /** Whether its title is for screen readers only: a column of buttons. */
  isTitleHidden?: boolean
  /** Left out while the grid is narrower than this, in pixels. */
  showFrom?: number
}

export interface Sort {
  key: string
  isDown: boolean
}

/** `length` is up, `-length` is down. */
export function parseSort(text: string | null): Sort | null {
  if (!text) return null
  return text.startsWith('-') ? { key: text.slice(1), isDown: true } : { key: text, isDown: false }
}

/** A click on a column: up, then down, then as it came. */
export function nextSort(now: Sort | null, key: string): string | null {
  if (now?.key !== key) return key
  return now.isDown ? null : `-${key}`
}

/** Rows in order; numbers by size, words as a reader of the language expects (`9` before `10`). */
export function sorted<T>(rows: T[], columns: Column<T>[], sort: Sort | null): T[] {
  const column = sort && columns.find((one) => one.key === sort.key)
  if (!column) return rows
  const words = new Intl.Collator(undefined, { numeric: true })
  const order = (a: T, b: T) => {
    const [left, right] = [column.value(a), column.value(b)]
    if (typeof left === 'number' && typeof right === 'number') return left - right || 0
    return words.compare(String(left), String(right))
  }
  const sign = sort.isDown ? -1 : 1
  return rows.toSorted((a, b) => sign * order(a, b))
}

/** The rows to draw: those in sight and a few on either side. */
export function visible(n: number, rowHeight: number, scrollTop: number, height: number): [from: number, to: number] {
  const spare = 8
  const from = Math.max(0, Math.floor(scrollTop / rowHeight) - spare)
  const to = Math.min(n, Math.ceil((scrollTop + height) / rowHeight) + spare)
  return [Math.min(from, to), to]
}

/** The rows from one place to another, both included, whichever comes first. */
export function between<T>(rows: readonly T[], from: number, to: number): T[] {
  return rows.slice(Math.max(0, Math.min(from, to)), Math.max(from, to) + 1)
}

/** Where a key leads from a row, or undefined if it is not such a key. */
export function moved(key: string, at: number, n: number, perPage: number): number | undefined {
  const to = {
    ArrowDown: at + 1,
    j: at + 1,
    ArrowUp: at - 1,
    k: at - 1,
    PageDown: at + perPage,
    PageUp: at - perPage,
    Home: 0,
    End: n - 1,
  }[key]
  return to === undefined ? undefined : Math.max(0, Math.min(n - 1, to))
}
