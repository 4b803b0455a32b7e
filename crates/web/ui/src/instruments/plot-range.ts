// The range of a chart's value axis.

/** Axis limits that centre a single value, or values that are all equal. */
export function roomAround(least: number, most: number): [number, number] {
  if (most > least) return [least, most]
  const room = least === 0 ? 1 : Math.abs(least) * 0.1
  return [least - room, least + room]
}
