// Playback position in a sound: the arithmetic of the player, independent of WebAudio.

/** An interval of a sound, in seconds. */
export interface Region {
  start: number
  end: number
}

/** When playback began on the audio clock, and at which second of the sound. */
export interface Start {
  atSecs: number
  offsetSecs: number
}

/** The second of the sound that is heard at a given time of the audio clock. */
export function positionAt(nowSecs: number, start: Start, lengthSecs: number, loop?: Region): number {
  const position = start.offsetSecs + Math.max(0, nowSecs - start.atSecs)
  if (!loop || position < loop.end) return Math.min(position, lengthSecs)
  return loop.start + ((position - loop.start) % (loop.end - loop.start))
}

/** Where playback from `position` starts: the beginning if at the end; within the loop if there is one. */
export function offsetFor(position: number, lengthSecs: number, loop?: Region): number {
  if (loop) return position < loop.end ? Math.max(0, position) : loop.start
  // The last few milliseconds are inaudible: start over.
  return position >= lengthSecs - 0.01 ? 0 : Math.max(0, position)
}

/** The shortest loop, in seconds. */
export const SHORTEST_SECS = 0.02

/** A region with its edges in order, within the sound; `undefined` if too short to be intended. */
export function regionOf(a: number, b: number, lengthSecs: number): Region | undefined {
  const region = { start: within(Math.min(a, b), 0, lengthSecs), end: within(Math.max(a, b), 0, lengthSecs) }
  return region.end - region.start < SHORTEST_SECS ? undefined : region
}

export type Edge = keyof Region

/** The region with one edge moved: within the sound, and never past the other edge. */
export function withEdge(region: Region, edge: Edge, secs: number, lengthSecs: number): Region {
  if (edge === 'start') return { ...region, start: within(secs, 0, Math.max(0, region.end - SHORTEST_SECS)) }
  return { ...region, end: within(secs, Math.min(lengthSecs, region.start + SHORTEST_SECS), lengthSecs) }
}

/** What a drag on the time axis grabs: the background, the whole loop, or one of its edges. */
export type Grip = 'ground' | 'loop' | Edge

/** The loop during a drag from one position to another; `undefined` while it is too short. */
export function dragged(grip: Grip, region: Region, from: number, to: number, lengthSecs: number): Region | undefined {
  if (grip === 'ground') return regionOf(from, to, lengthSecs)
  if (grip === 'loop') return moved(region, to - from, lengthSecs)
  return withEdge(region, grip, region[grip] + to - from, lengthSecs)
}

/** How far a key moves something on an axis that shows `span` seconds; `undefined` for other keys. */
export function stepOfKey(key: string, isLarge: boolean, span: number): number | undefined {
  const by = span / (isLarge ? 10 : 100)
  const steps: Record<string, number> = {
    ArrowLeft: -by,
    ArrowDown: -by,
    ArrowRight: by,
    ArrowUp: by,
    PageUp: -span / 10,
    PageDown: span / 10,
    Home: -Infinity,
    End: Infinity,
  }
  return steps[key]
}

/**
 * The left sides of the hit targets of a loop's edges, in pixels: inside the loop if they fit, else beside it;
 * never overlapping, never off the axis.
 */
export function handlePlaces(start: number, end: number, width: number, size: number): Region {
  const last = Math.max(0, width - size)
  if (end - start >= 3 * size) return { start: within(start, 0, last), end: within(end - size, 0, last) }
  const first = within(start - size, 0, Math.max(0, last - size))
  const second = within(end, first + size, Math.max(first + size, last))
  return { start: Math.min(first, Math.max(0, second - size)), end: second }
}

const within = (x: number, least: number, most: number): number => Math.max(least, Math.min(most, x))

/** The sample rate in a WAV file's header, so that it can be decoded without resampling. */
export function wavRate(bytes: ArrayBuffer): number | undefined {
  const view = new DataView(bytes)
  const tag = (at: number) => String.fromCharCode(...new Uint8Array(bytes, at, 4))
  if (bytes.byteLength < 28 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE') return undefined
  for (let at = 12; at + 16 <= bytes.byteLength; ) {
    if (tag(at) === 'fmt ') return view.getUint32(at + 12, true)
    at += 8 + view.getUint32(at + 4, true) + (view.getUint32(at + 4, true) & 1)
  }
  return undefined
}

/** Zooms out by `factor`, keeping `centre` where it is on the screen. */
export function zoomed(view: Region, factor: number, centre: number, lengthSecs: number): Region {
  const shortest = Math.min(0.01, lengthSecs)
  const span = Math.max(shortest, Math.min(lengthSecs, (view.end - view.start) * factor))
  const share = (centre - view.start) / (view.end - view.start)
  return moved({ start: centre - share * span, end: centre + (1 - share) * span }, 0, lengthSecs)
}

/** Pans by `by` seconds, staying within the sound. */
export function moved(view: Region, by: number, lengthSecs: number): Region {
  const span = view.end - view.start
  const start = Math.max(0, Math.min(lengthSecs - span, view.start + by))
  return { start, end: start + span }
}

/** Round positions for about `nTicks` ticks on a time axis. */
export function ticksOf(view: Region, nTicks: number): number[] {
  const rough = (view.end - view.start) / nTicks
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10)
  const first = Math.ceil(view.start / step)
  const last = Math.floor(view.end / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
}
