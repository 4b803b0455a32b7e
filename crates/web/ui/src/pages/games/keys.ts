// Keys of a game, as they are printed on a keyboard.

const PRINTED: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
}

/** The keys that are held together: `←` and `Space` of `ArrowLeft+Space`, `A` of `KeyA`. */
export const keysOf = (code: string): string[] => code.split('+').map((key) => PRINTED[key] ?? key.replace(/^(Key|Digit)/, ''))
