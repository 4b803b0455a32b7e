// Points of the latent space, in standard deviations along the first directions.

/** Most directions that a random point has coordinates in; the others are at the mean. */
const DIRECTIONS_MAX = 16
/** Farther from the mean there is hardly any sound. */
const FAR = 2

/** The point that a favourite keeps, if it keeps one. */
export function pointIn(body: unknown): number[] | undefined {
  const { point } = (typeof body === 'object' && body !== null ? body : {}) as { point?: unknown }
  if (!Array.isArray(point) || !point.every((one) => typeof one === 'number' && Number.isFinite(one))) return undefined
  // Coordinates at the end that are 0 are left out; the mean has none.
  return point.length > 0 ? (point as number[]) : [0]
}

/** A random point where sounds lie: normally distributed, as directions are, and not far out. Source: Box and Muller, 1958. */
export function likely(n: number, random: () => number = Math.random): number[] {
  return Array.from({ length: Math.min(n, DIRECTIONS_MAX) }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    const value = radius * Math.cos(2 * Math.PI * random())
    return Number(Math.max(-FAR, Math.min(FAR, value)).toFixed(3))
  })
}

/** Numbers of a row of a map's points: x, y, sound, seconds, loudness in dB, pitch in Hz. */
const ROW = { n: 6, sound: 2, loudness: 4 }

/** Where a sound of a map lies: the mean of its points, loud ones counting more; undefined if it has none. */
export function placeOfSound(points: Float32Array, coordinates: Float32Array, nDirections: number, sound: number): number[] | undefined {
  const sums = new Array<number>(Math.min(nDirections, DIRECTIONS_MAX)).fill(0)
  let weight = 0
  for (let i = 0; i < points.length / ROW.n; i++) {
    if (points[i * ROW.n + ROW.sound] !== sound) continue
    const its = 10 ** ((points[i * ROW.n + ROW.loudness] ?? -120) / 20) + 1e-6
    weight += its
    for (let d = 0; d < sums.length; d++) sums[d] = sums[d]! + its * (coordinates[i * nDirections + d] ?? 0)
  }
  return weight > 0 ? sums.map((sum) => Number((sum / weight).toFixed(3))) : undefined
}

/** The list with one of its items moved up or down. */
export function moved<T>(list: readonly T[], at: number, by: number): T[] {
  const to = at + by
  if (at < 0 || at >= list.length || to < 0 || to >= list.length) return [...list]
  const next = [...list]
  next.splice(to, 0, ...next.splice(at, 1))
  return next
}
