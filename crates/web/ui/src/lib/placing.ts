// Positions a popup by its button: below it, or above where there is more room; never outside the window.

/** As a `style` for an element with `position: fixed`. */
export function besideButton(button: Element, leastWidth = 200, alignsEnd = false): string {
  const { top, bottom, left, right, width } = button.getBoundingClientRect()
  const [above, below] = [top - 8, innerHeight - bottom - 8]
  const isAbove = below < 200 && above > below
  const room = Math.min(isAbove ? above : below, 420)
  const y = isAbove ? `bottom: ${innerHeight - top + 4}px` : `top: ${bottom + 4}px`
  const size = `min-width: ${Math.max(width, alignsEnd ? leastWidth : 0)}px; max-height: ${room}px`
  if (alignsEnd) {
    const end = Math.max(8, Math.min(innerWidth - right, innerWidth - leastWidth - 8))
    return `right: ${end}px; left: auto; ${y}; ${size}; max-width: ${innerWidth - end - 8}px`
  }
  const x = Math.max(8, Math.min(left, innerWidth - Math.max(width, leastWidth) - 8))
  return `left: ${x}px; ${y}; ${size}; max-width: ${innerWidth - x - 8}px`
}
