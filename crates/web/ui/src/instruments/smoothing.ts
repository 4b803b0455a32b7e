// Smoothing curves, and summarising them in words.

/**
 * Exponential moving average with bias correction, as TensorBoard draws it.
 * `weight` 0 leaves the curve unchanged; 0.99 is nearly flat. Gaps (`null`) stay gaps.
 */
export function smoothed(values: ArrayLike<number | null>, weight: number): (number | null)[] {
  let average = 0
  let n = 0
  return Array.from({ length: values.length }, (_, i) => {
    const value = values[i]
    if (value === null || value === undefined || !Number.isFinite(value)) return null
    n++
    average = average * weight + (1 - weight) * value
    return weight === 0 ? value : average / (1 - weight ** n)
  })
}

/** The range without outliers: a given share of the values lies outside it, half at either end. */
export function rangeWithoutOutliers(values: number[], share: number): [number, number] | undefined {
  if (values.length === 0) return undefined
  const rising = Float64Array.from(values).sort()
  const left = Math.floor((rising.length * share) / 2)
  return [rising[left]!, rising[rising.length - 1 - left]!]
}

/** A curve's course, described for people who cannot see it. */
export interface Summary {
  n: number
  min: number
  max: number
  last: number
  trend: 'rising' | 'falling' | 'level'
}

/** The trend compares the last tenth with the tenth before the middle, relative to the whole range. */
export function summaryOf(values: ArrayLike<number>): Summary | undefined {
  const n = values.length
  if (n === 0) return undefined
  let min = Infinity
  let max = -Infinity
  for (let i = 0; i < n; i++) {
    min = Math.min(min, values[i]!)
    max = Math.max(max, values[i]!)
  }
  const tenth = Math.max(1, Math.floor(n / 10))
  const before = mean(values, Math.max(0, Math.floor(n / 2) - tenth), Math.max(1, Math.floor(n / 2)))
  const change = mean(values, n - tenth, n) - before
  const isLevel = Math.abs(change) <= 0.02 * (max - min)
  return { n, min, max, last: values[n - 1]!, trend: isLevel ? 'level' : change > 0 ? 'rising' : 'falling' }
}

function mean(values: ArrayLike<number>, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += values[i]!
  return sum / (to - from)
}
