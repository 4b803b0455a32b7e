// The logic of a grid: which rows are visible, in what order, and where keys move.

import type { Snippet } from 'svelte'

export interface Column<T> {
  /** Its name in the address and in filters, such as `length`. */
  key: string
  title: string
  /** The value it is sorted and filtered by. */
  value: (row: T) => string | number
  /** The text it shows; the value if absent. */
  text?: (row: T) => string
  /** Its content, where that is more than text. */
  cell?: Snippet<[T]>
  /** A grid track, such as `2fr` or `6rem`; `1fr` if absent. */
  width?: string
  /** Whether it is right-aligned, as numbers are. */
  isNumber?: boolean
  isSortable?: boolean
  /** Whether its title is for screen readers only: a column of buttons. */
  isTitleHidden?: boolean
  /** Hidden while the grid is narrower than this, in pixels. */
  showFrom?: number
}

export interface Sort {
  key: string
  isDown: boolean
}

/** `length` is ascending, `-length` descending. */
export function parseSort(text: string | null): Sort | null {
  if (!text) return null
  return text.startsWith('-') ? { key: text.slice(1), isDown: true } : { key: text, isDown: false }
}

/** Successive clicks on a column: ascending, descending, original order. */
export function nextSort(now: Sort | null, key: string): string | null {
  if (now?.key !== key) return key
  return now.isDown ? null : `-${key}`
}

/** Sorted rows; numbers by size, text by the rules of the language (`9` before `10`). */
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

/** The rows to render: the visible ones and a few on either side. */
export function visible(n: number, rowHeight: number, scrollTop: number, height: number): [from: number, to: number] {
  const spare = 8
  const from = Math.max(0, Math.floor(scrollTop / rowHeight) - spare)
  const to = Math.min(n, Math.ceil((scrollTop + height) / rowHeight) + spare)
  return [Math.min(from, to), to]
}

/** The rows between two indices, inclusive, in either order. */
export function between<T>(rows: readonly T[], from: number, to: number): T[] {
  return rows.slice(Math.max(0, Math.min(from, to)), Math.max(from, to) + 1)
}

/** The row a key moves to, or undefined for other keys. */
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
