// Where the notes of a melody are drawn.

/** The keys that a lane shows: those of the notes, with room above for a name, and an octave at least. */
export interface KeyRange {
  lowest: number
  highest: number
}

const LEAST = 12

export function keyRange(notes: readonly { key: number }[]): KeyRange {
  let [lowest, highest] = [127, 0]
  for (const { key } of notes) [lowest, highest] = [Math.min(lowest, key), Math.max(highest, key)]
  if (lowest > highest) return { lowest: 60, highest: 60 + LEAST }
  const spare = Math.max(0, LEAST - (highest - lowest))
  return { lowest: lowest - Math.floor(spare / 2), highest: highest + Math.ceil(spare / 2) }
}

/** The place of a key in a lane from the highest on top to the lowest, in percent; a quarter of the lane is for names. */
export function heightIn({ lowest, highest }: KeyRange, key: number): { top: number; height: number } {
  const each = 75 / (highest - lowest + 1)
  return { top: 25 + (highest - key) * each, height: Math.max(4, each) }
}
