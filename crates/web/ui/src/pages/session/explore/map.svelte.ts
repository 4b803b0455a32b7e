// A model's map, loaded as far as it is there: points at once, the neighbour embedding when it arrives.

import { createMap, mapOf, mapTable } from '$lib/api/maps'
import { changes, type Resource, resource } from '$lib/resource.svelte'
import type { Live } from '$lib/api'

import type { LatentMap, MapJob } from '../words'
import { type Layout, layoutOf, Near, type Points, pointsOf } from './space'

/** Which two dimensions are shown. */
export type LayoutName = 'directions' | 'neighbours'

/** Units that differ only by rounding are the same. */
function ratioOf(deviation: number, unit: number | undefined): number {
  const ratio = unit && unit > 0 ? deviation / unit : 1
  return Math.abs(ratio - 1) < 1e-4 ? 1 : ratio
}

/** Numbers of a row of `points.bin`. */
const POINT = 6

export class MapOfModel {
  job: Resource<MapJob | null>
  map = $state.raw<LatentMap>()
  points = $state.raw<Points>()
  /** What units of a session mean, which may have begun before there was a map: standard deviations of directions. */
  deviations = $state.raw<readonly number[]>([])
  /** What coordinates of the map are multiplied with to be those of the session. */
  readonly ratios: readonly number[] = $derived((this.map?.directions ?? []).map(({ deviation }, i) => ratioOf(deviation, this.deviations[i])))
  /** Coordinates of every point, row after row, in units of the session. */
  readonly coordinates: Float32Array = $derived.by(() => {
    const { ratios } = this
    if (ratios.every((ratio) => ratio === 1)) return this.#table
    return this.#table.map((value, i) => value * ratios[i % ratios.length]!)
  })
  /** Whether sliders of the session have another scale than the map. */
  readonly isOtherScale: boolean = $derived(this.ratios.some((ratio) => Math.abs(ratio - 1) > 0.02))
  layouts = $state.raw<Partial<Record<LayoutName, { layout: Layout; scale: number; near: Near }>>>({})
  problem = $state.raw<unknown>()

  #table = $state.raw<Float32Array>(new Float32Array())
  #model: string
  #loaded: { id: string; hasMap: boolean; hasEmbedding: boolean } | undefined

  /** Call it during component setup. */
  constructor(model: string) {
    this.#model = model
    const isStale = (message: Live): boolean => ('job' in message && message.job.kind === 'map') || changes('models', model)(message)
    this.job = resource((signal) => mapOf(model, signal), isStale)
    $effect(() => {
      const found = this.job.data
      if (found) void this.#load(found)
    })
  }

  get nDirections(): number {
    return this.map?.n_directions ?? 0
  }

  /** Draws a map. */
  async draw(): Promise<void> {
    this.job.set(await createMap(this.#model))
  }

  async #load(found: MapJob): Promise<void> {
    const before = this.#loaded?.id === found.id ? this.#loaded : undefined
    const [hasMap, hasEmbedding] = [Boolean(found.map), found.has_embedding]
    if (!hasMap || (before?.hasMap && before.hasEmbedding === hasEmbedding)) return
    this.#loaded = { id: found.id, hasMap, hasEmbedding }
    try {
      if (!before?.hasMap) {
        const [points, coordinates] = await Promise.all([mapTable(found.id, 'points'), mapTable(found.id, 'coordinates')])
        const placed = layoutOf(points, POINT)
        this.#table = coordinates
        this.points = pointsOf(points)
        this.layouts = { directions: { ...placed, near: new Near(placed.layout) } }
        this.map = found.map ?? undefined
      }
      if (hasEmbedding) {
        const placed = layoutOf(await mapTable(found.id, 'embedding'), 2)
        this.layouts = { ...this.layouts, neighbours: { ...placed, near: new Near(placed.layout) } }
      }
      this.problem = undefined
    } catch (thrown) {
      this.#loaded = before
      this.problem = thrown
    }
  }
}
