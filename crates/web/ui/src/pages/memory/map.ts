// The map of patterns: where they lie, in which colours, and which is the next one in a direction.

import type { PatternPoint } from '$lib/api'

import { byScale, type Painted } from '../session/explore/colours'
import { kindColour } from './colours'

/** What colours can tell. */
export const COLOURINGS = ['kind', 'brightness', 'level', 'length'] as const
export type Colouring = (typeof COLOURINGS)[number]

/** How much of the square points fill. */
const FILLED = 0.92

/** Places of points, two numbers each: their middle in the middle of the square from −1 to 1, all of them within. */
export function layoutOf(points: readonly PatternPoint[]): Float32Array {
  const [x, y] = [extentOf(points.map((point) => point.x)), extentOf(points.map((point) => point.y))]
  const scale = FILLED / Math.max(1e-3, x.half, y.half)
  return Float32Array.from(points.flatMap((point) => [(point.x - x.middle) * scale, (point.y - y.middle) * scale]))
}

function extentOf(values: readonly number[]): { middle: number; half: number } {
  let [least, most] = [Infinity, -Infinity]
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)]
  return { middle: (least + most) / 2, half: (most - least) / 2 }
}

/** Kinds in order of how frequent they are. */
export function kindsOf(points: readonly PatternPoint[]): string[] {
  const counts = new Map<string, number>()
  for (const { kind } of points) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([kind]) => kind)
}

const VALUES: Record<Exclude<Colouring, 'kind'>, { of: (point: PatternPoint) => number; isLog: boolean }> = {
  brightness: { of: ({ brightness_hz }) => brightness_hz, isLog: true },
  level: { of: ({ level_db }) => level_db, isLog: false },
  length: { of: ({ length_secs }) => length_secs, isLog: true },
}

/** The least and the most of what colours tell, without the most extreme hundredth at each end. */
export function endsOf(points: readonly PatternPoint[], colouring: Exclude<Colouring, 'kind'>): [least: number, most: number] {
  const values = points.map(VALUES[colouring].of).sort((a, b) => a - b)
  const at = (share: number) => values[Math.round(share * (values.length - 1))] ?? 0
  return [at(0.01), at(0.99)]
}

/** Each colour, with the points that have it. */
export function paintedOf(points: readonly PatternPoint[], colouring: Colouring): Painted[] {
  if (colouring === 'kind')
    return kindsOf(points).map((kind) => ({ colour: kindColour(kind), points: points.flatMap((point, n) => (point.kind === kind ? [n] : [])) }))
  const { of, isLog } = VALUES[colouring]
  const scaled = (value: number) => (isLog ? Math.log(Math.max(1e-3, value)) : value)
  const [least, most] = endsOf(points, colouring).map(scaled) as [number, number]
  return byScale(points.length, (n) => (scaled(of(points[n]!)) - least) / Math.max(1e-9, most - least))
}

export type Direction = 'left' | 'right' | 'up' | 'down'
const AHEAD: Record<Direction, readonly [number, number]> = { left: [-1, 0], right: [1, 0], up: [0, 1], down: [0, -1] }

/** The point that follows one in a direction: near, and not far aside. Without one to start from, that nearest to the middle. */
export function nextPoint(layout: Float32Array, from: number | undefined, direction: Direction): number | undefined {
  const [x0, y0] = from === undefined ? [0, 0] : [layout[2 * from]!, layout[2 * from + 1]!]
  const [dx, dy] = AHEAD[direction]
  let [best, least] = [undefined as number | undefined, Infinity]
  for (let i = 0; 2 * i < layout.length; i++) {
    if (i === from) continue
    const [x, y] = [layout[2 * i]! - x0, layout[2 * i + 1]! - y0]
    const ahead = x * dx + y * dy
    const aside = Math.abs(x * dy) + Math.abs(y * dx)
    if (from !== undefined && (ahead <= 1e-6 || aside > 2 * ahead)) continue
    const distance = from === undefined ? Math.hypot(x, y) : ahead + 2 * aside
    if (distance < least) [best, least] = [i, distance]
  }
  return best
}
