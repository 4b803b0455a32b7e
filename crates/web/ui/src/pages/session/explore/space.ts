// The points of a map: where they lie, which are near, and what lies between them.

/** Numbers of a point in `points.bin`. */
const POINT = 6
/** Points between which a place is heard. */
export const NEIGHBOURS = 5

export interface Points {
  n: number
  /** Which sound each is from, as its place in the list of sounds. */
  sound: Int32Array
  /** When, in seconds. */
  secs: Float32Array
  loudnessDb: Float32Array
  /** 0: none. */
  pitchHz: Float32Array
}
/** Places in the square from −1 to 1, two numbers a point. */
export type Layout = Float32Array

/** The points of a table; fewer if it is cut. */
export function pointsOf(table: Float32Array): Points {
  const n = Math.floor(table.length / POINT)
  const column = (i: number) => Float32Array.from({ length: n }, (_, row) => table[row * POINT + i]!)
  return { n, sound: Int32Array.from(column(2)), secs: column(3), loudnessDb: column(4), pitchHz: column(5) }
}

/** A layout of the first two numbers of each row, so that nearly all of it fits the square; and how much it was scaled. */
export function layoutOf(table: Float32Array, width: number): { layout: Layout; scale: number } {
  const n = Math.floor(table.length / width)
  const layout = new Float32Array(2 * n)
  for (let i = 0; i < n; i++) for (const axis of [0, 1]) layout[2 * i + axis] = table[i * width + axis]!
  const sizes = Float32Array.from(layout, Math.abs).sort()
  const scale = 1 / Math.max(1e-6, sizes[Math.floor(0.997 * (sizes.length - 1))] ?? 1)
  for (let i = 0; i < layout.length; i++) layout[i]! *= 0.95 * scale
  return { layout, scale: 0.95 * scale }
}

/** Finds near points fast: the square in equal cells. */
export class Near {
  #layout: Layout
  #cells = new Map<number, number[]>()
  #side: number

  constructor(layout: Layout) {
    this.#layout = layout
    this.#side = Math.max(1, Math.round(Math.sqrt(layout.length / 2 / 4)))
    for (let i = 0; i < layout.length / 2; i++) {
      const key = this.#key(this.#cell(layout[2 * i]!), this.#cell(layout[2 * i + 1]!))
      const cell = this.#cells.get(key)
      if (cell) cell.push(i)
      else this.#cells.set(key, [i])
    }
  }

  /** The `k` nearest points, the nearest first, with their distances. */
  nearest(x: number, y: number, k: number): { idx: number; distance: number }[] {
    const [cx, cy] = [this.#cell(x), this.#cell(y)]
    const found: { idx: number; distance: number }[] = []
    const width = 2 / this.#side
    for (let ring = 0; ring <= this.#side; ring++) {
      for (let dx = -ring; dx <= ring; dx++)
        for (let dy = -ring; dy <= ring; dy++) {
          if (Math.max(Math.abs(dx), Math.abs(dy)) !== ring) continue
          for (const idx of this.#cells.get(this.#key(cx + dx, cy + dy)) ?? [])
            found.push({ idx, distance: Math.hypot(this.#layout[2 * idx]! - x, this.#layout[2 * idx + 1]! - y) })
        }
      if (found.length < k) continue
      found.sort((a, b) => a.distance - b.distance)
      // Points in the next rings are at least as far as the whole rings are wide.
      if (found[k - 1]!.distance <= ring * width) break
    }
    return found.sort((a, b) => a.distance - b.distance).slice(0, k)
  }

  /** Points beyond the square belong to its outermost cells. */
  #cell(x: number): number {
    return Math.max(0, Math.min(this.#side - 1, Math.floor(((x + 1) / 2) * this.#side)))
  }
  #key(cx: number, cy: number): number {
    return cx < 0 || cy < 0 || cx >= this.#side || cy >= this.#side ? -1 : cx * this.#side + cy
  }
}

/** The weights of points at distances: the nearer, the more; they sum to 1. */
export function weightsOf(distances: readonly number[]): number[] {
  const least = Math.min(...distances)
  // On a point it is heard alone.
  const inverse = distances.map((distance) => 1 / Math.max(1e-9, distance * distance + 0.01 * least * least))
  const sum = inverse.reduce((a, b) => a + b, 0)
  return inverse.map((one) => one / sum)
}

/** The mean of points at their weights, as coordinates. */
export function between(coordinates: Float32Array, nDirections: number, points: readonly number[], weights: readonly number[]): Float32Array {
  const mean = new Float32Array(nDirections)
  points.forEach((point, k) => {
    for (let i = 0; i < nDirections; i++) mean[i]! += weights[k]! * coordinates[point * nDirections + i]!
  })
  return mean
}

/** The coordinates of a point. */
export const coordinatesAt = (coordinates: Float32Array, nDirections: number, point: number): Float32Array =>
  coordinates.slice(point * nDirections, (point + 1) * nDirections)

/** The point whose coordinates are nearest to some. */
export function nearestTo(coordinates: Float32Array, nDirections: number, place: ArrayLike<number>): number {
  let [best, least] = [0, Infinity]
  const n = Math.min(nDirections, place.length)
  for (let point = 0; point * nDirections < coordinates.length; point++) {
    let distance = 0
    for (let i = 0; i < n && distance < least; i++) {
      const gap = coordinates[point * nDirections + i]! - place[i]!
      distance += gap * gap
    }
    if (distance < least) [best, least] = [point, distance]
  }
  return best
}

/** Somewhere that sound is: on a point, or between two that are near each other. */
export function surprise(coordinates: Float32Array, nDirections: number, random: () => number): Float32Array {
  const n = Math.floor(coordinates.length / nDirections)
  const first = coordinatesAt(coordinates, nDirections, Math.floor(random() * n))
  if (random() < 0.5) return first
  // Its nearest of a few others; the nearest of all would mostly be the next frame of the same sound.
  let second = first
  let least = Infinity
  for (let tries = 0; tries < 24; tries++) {
    const other = coordinatesAt(coordinates, nDirections, Math.floor(random() * n))
    const distance = other.reduce((sum, value, i) => sum + (value - first[i]!) ** 2, 0)
    if (distance > 0 && distance < least) [second, least] = [other, distance]
  }
  const share = random()
  return first.map((value, i) => value + share * (second[i]! - value))
}

/** How many points lie in each cell of a square from −4 to 4 of two directions: shares of the fullest. */
export function density(coordinates: Float32Array, nDirections: number, x: number, y: number, side: number): Float32Array {
  const cells = new Float32Array(side * side)
  const cell = (value: number) => Math.floor(((value + 4) / 8) * side)
  for (let at = 0; at < coordinates.length; at += nDirections) {
    const [cx, cy] = [cell(coordinates[at + x]!), cell(coordinates[at + y]!)]
    if (cx >= 0 && cy >= 0 && cx < side && cy < side) cells[(side - 1 - cy) * side + cx]! += 1
  }
  const most = cells.reduce((a, b) => Math.max(a, b), 1)
  return cells.map((n) => n / most)
}
