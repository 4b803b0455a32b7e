// One metric over the steps, growing during a live run.

/** Steps increase; both arrays hold at least `length` numbers, of which the first `length` are valid. */
export interface GrowingCurve {
  steps: Float64Array
  values: Float64Array
  length: number
}

/** What a plot draws: views of exactly the valid points. */
export interface Points {
  steps: Float64Array
  values: Float64Array
}

/** A curve grows to this many points, then is thinned to half as many. */
export const MAX_POINTS = 8192

export function curveFrom(steps: ArrayLike<number>, values: ArrayLike<number>): GrowingCurve {
  const capacity = Math.max(256, steps.length * 2)
  const curve = { steps: new Float64Array(capacity), values: new Float64Array(capacity), length: steps.length }
  curve.steps.set(Float64Array.from(steps))
  curve.values.set(Float64Array.from(values))
  return curve
}

/**
 * Adds a point. A run resumed from an older checkpoint repeats the steps it lost: points at or after the
 * new step are dropped first.
 */
export function append(curve: GrowingCurve, step: number, value: number) {
  while (curve.length > 0 && curve.steps[curve.length - 1]! >= step) curve.length--
  if (curve.length >= MAX_POINTS) thinInPlace(curve, MAX_POINTS / 2)
  if (curve.length === curve.steps.length) grow(curve)
  curve.steps[curve.length] = step
  curve.values[curve.length] = value
  curve.length++
}

/** Views of the valid points, to pass to a plot. */
export function points(curve: GrowingCurve): Points {
  return { steps: curve.steps.subarray(0, curve.length), values: curve.values.subarray(0, curve.length) }
}

/** At most `nPoints` points, four or more: both ends, and each bucket's minimum and maximum, so that peaks survive. */
export function thinned({ steps, values }: Points, nPoints: number): Points {
  const n = steps.length
  if (n <= nPoints) return { steps, values }
  const nInner = n - 2
  const nBuckets = Math.max(1, Math.floor((nPoints - 2) / 2))
  const kept = [0]
  for (let bucket = 0; bucket < nBuckets; bucket++) {
    const start = 1 + Math.floor((bucket * nInner) / nBuckets)
    const end = 1 + Math.floor(((bucket + 1) * nInner) / nBuckets)
    if (start === end) continue
    const [least, largest] = extremeIndices(values, start, end)
    kept.push(Math.min(least, largest))
    if (least !== largest) kept.push(Math.max(least, largest))
  }
  kept.push(n - 1)
  return {
    steps: Float64Array.from(kept, (i) => steps[i]!),
    values: Float64Array.from(kept, (i) => values[i]!),
  }
}

/** All curves over one increasing list of steps; `null` where a curve has no point. */
export function aligned(curves: Points[]): { steps: Float64Array; values: (number | null)[][] } {
  const [first, ...rest] = curves
  // Metrics measured together, as most are, need no sorting.
  if (first && rest.every((curve) => isSame(curve.steps, first.steps))) {
    return { steps: first.steps, values: curves.map((curve) => Array.from(curve.values)) }
  }
  const steps = Float64Array.from(new Set(curves.flatMap((c) => Array.from(c.steps)))).sort()
  const place = new Map(Array.from(steps, (step, i) => [step, i]))
  const values = curves.map((curve) => {
    const row = new Array<number | null>(steps.length).fill(null)
    curve.steps.forEach((step, i) => (row[place.get(step)!] = curve.values[i]!))
    return row
  })
  return { steps, values }
}

/** The index of the point nearest to a step; -1 if there is none. */
export function nearest(steps: ArrayLike<number>, step: number): number {
  let low = 0
  let high = steps.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (steps[middle]! < step) low = middle + 1
    else high = middle
  }
  if (low === steps.length) return low - 1
  if (low > 0 && step - steps[low - 1]! <= steps[low]! - step) return low - 1
  return low
}

function isSame(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((step, i) => step === b[i])
}

function extremeIndices(values: Float64Array, start: number, end: number): [number, number] {
  let least = start
  let largest = start
  for (let i = start; i < end; i++) {
    if (values[i]! < values[least]!) least = i
    if (values[i]! > values[largest]!) largest = i
  }
  return [least, largest]
}

function thinInPlace(curve: GrowingCurve, nPoints: number) {
  const thin = thinned(points(curve), nPoints)
  curve.steps.set(thin.steps)
  curve.values.set(thin.values)
  curve.length = thin.steps.length
}

function grow(curve: GrowingCurve) {
  const steps = new Float64Array(curve.steps.length * 2)
  const values = new Float64Array(curve.values.length * 2)
  steps.set(curve.steps)
  values.set(curve.values)
  curve.steps = steps
  curve.values = values
}
