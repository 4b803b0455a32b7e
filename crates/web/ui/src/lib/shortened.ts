// Long names where there is little room.

/** A name in at most so many characters: its beginning and its end, which tell it from others. */
export function shortened(name: string, most: number): string {
  const letters = [...name]
  if (letters.length <= most) return name
  const nAtEnd = Math.ceil(most / 2)
  return `${letters.slice(0, most - 1 - nAtEnd).join('')}…${letters.slice(-nAtEnd).join('')}`
}
