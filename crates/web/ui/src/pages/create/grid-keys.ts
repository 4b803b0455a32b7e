// Which card a key moves to.

/** The index after a key, in rows of `perRow`; undefined if the key does not move. */
export function stepIn(key: string, at: number, n: number, perRow: number): number | undefined {
  const last = n - 1
  switch (key) {
    case 'ArrowRight':
      return Math.min(last, at + 1)
    case 'ArrowLeft':
      return Math.max(0, at - 1)
    case 'ArrowDown':
      return at + perRow <= last ? at + perRow : Math.floor(at / perRow) < Math.floor(last / perRow) ? last : at
    case 'ArrowUp':
      return at - perRow >= 0 ? at - perRow : at
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return undefined
  }
}
