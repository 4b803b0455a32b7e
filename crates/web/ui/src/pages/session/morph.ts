// The weights of up to four models in the corners of a square, and back.

/** Corners in the order of the models: left above, right above, left below, right below. */
const CORNERS = [[0, 1], [1, 1], [0, 0], [1, 0]] as const

/** The weights of `n` models at a place: their sum is 1. Two models share the way across alone. */
export function weightsAt(x: number, y: number, n: number): number[] {
  if (n === 1) return [1]
  if (n === 2) return [1 - x, x]
  const areas = CORNERS.slice(0, n).map(([cx, cy]) => (1 - Math.abs(x - cx)) * (1 - Math.abs(y - cy)))
  const sum = areas.reduce((a, b) => a + b, 0)
  // The corner without a model is as far from all of them.
  return sum < 1e-6 ? areas.map(() => 1 / n) : areas.map((area) => area / sum)
}

/** The place of weights: exact for what `weightsAt` gave with two or four models, near it with three. */
export function placeOf(weights: readonly number[]): [number, number] {
  const sum = weights.reduce((a, b) => a + b, 0)
  if (sum < 1e-6) return [0.5, 0.5]
  if (weights.length === 2) return [weights[1]! / sum, 0.5]
  let [x, y] = [0, 0]
  weights.forEach((weight, i) => {
    x += (weight / sum) * CORNERS[i]![0]
    y += (weight / sum) * CORNERS[i]![1]
  })
  return [x, y]
}
