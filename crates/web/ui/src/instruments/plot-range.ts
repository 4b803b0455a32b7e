// What the value axis of a chart spans.

/** Ends of an axis that leave a value, or values that are all the same, a place in the middle. */
export function roomAround(least: number, most: number): [number, number] {
  if (most > least) return [least, most]
  const room = least === 0 ? 1 : Math.abs(least) * 0.1
  return [least - room, least + room]
}
