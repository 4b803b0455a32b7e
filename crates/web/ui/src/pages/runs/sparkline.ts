// A curve in the width of a word.

/** With fewer points, a line shows nothing of a curve's shape. */
export const LEAST_POINTS = 8

/** The points of a polyline that fills a box of the given size; undefined if there are too few. */
export function sparkline(curve: { steps: number[]; values: number[] } | undefined, width: number, height: number): string | undefined {
  if (!curve || curve.values.length < LEAST_POINTS) return undefined
  const { steps, values } = curve
  const [first, last] = [steps[0] ?? 0, steps.at(-1) ?? 1]
  const [min, max] = [Math.min(...values), Math.max(...values)]
  const x = (step: number) => ((step - first) / (last - first || 1)) * width
  const y = (value: number) => 1 + (1 - (value - min) / (max - min || 1)) * (height - 2)
  return values.map((value, i) => `${x(steps[i] ?? 0).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
}
