// Keyboard handling of a list of options (WAI-ARIA Authoring Practices, «select-only combobox»), without any UI.

/** Letters typed within this time of one another form one word. */
export const WORD_MS = 700

/**
 * The option a key moves to, in a list of `n` options, from `at` (-1 for none); `undefined` if it does not move.
 */
export function optionAfter(key: string, at: number, n: number): number | undefined {
  if (n === 0) return undefined
  const last = n - 1
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, at + 1)
    case 'ArrowUp':
      return Math.max(0, at - 1)
    case 'PageDown':
      return Math.min(last, at + 10)
    case 'PageUp':
      return Math.max(0, at - 10)
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return undefined
  }
}

/**
 * The option that typed text selects: the next whose name starts with it, else the next that contains it.
 * Repeating a single letter moves to the next option that starts with it.
 */
export function optionTyped(typed: string, at: number, titles: readonly string[]): number | undefined {
  const letters = [...typed.toLocaleLowerCase()]
  const isRepeated = letters.every((letter) => letter === letters[0])
  const wanted = isRepeated ? (letters[0] ?? '') : letters.join('')
  if (!wanted) return undefined
  // The current option may still match a longer word.
  const from = isRepeated ? at + 1 : Math.max(0, at)
  const order = titles.map((_, i) => (from + i) % titles.length)
  const is = (test: (title: string) => boolean) => order.find((i) => test((titles[i] ?? '').toLocaleLowerCase()))
  return is((title) => title.startsWith(wanted)) ?? is((title) => title.includes(letters.join('')))
}
