// Where in a sound a playing engine is: the arithmetic of the player, free of WebAudio.

/** A stretch of a sound, in seconds. */
export interface Region {
  start: number
  end: number
}

/** When, on the clock of the audio, playing began, and at which second of the sound. */
export interface Start {
  atSecs: number
  offsetSecs: number
}

/** The second of the sound that is heard at a time of the audio's clock. */
export function positionAt(nowSecs: number, start: Start, lengthSecs: number, loop?: Region): number {
  const position = start.offsetSecs + Math.max(0, nowSecs - start.atSecs)
  if (!loop || position < loop.end) return Math.min(position, lengthSecs)
  return loop.start + ((position - loop.start) % (loop.end - loop.start))
}

/** Where to begin when asked to play from `position`: at the start again at the end, inside the loop if there is one. */
export function offsetFor(position: number, lengthSecs: number, loop?: Region): number {
  if (loop) return position < loop.end ? Math.max(0, position) : loop.start
  // Nothing is heard of the last few milliseconds: begin again.
  return position >= lengthSecs - 0.01 ? 0 : Math.max(0, position)
}

/** A region in order, inside the sound; `undefined` if too short to be meant. */
export function regionOf(a: number, b: number, lengthSecs: number): Region | undefined {
  const clamp = (x: number) => Math.max(0, Math.min(lengthSecs, x))
  const region = { start: clamp(Math.min(a, b)), end: clamp(Math.max(a, b)) }
  return region.end - region.start < 0.02 ? undefined : region
}

/** The rate that a WAV file tells in its header, so that it can be decoded without resampling. */
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

/** Shows `factor` times as much, keeping `centre` where it is on the screen. */
export function zoomed(view: Region, factor: number, centre: number, lengthSecs: number): Region {
  const shortest = Math.min(0.01, lengthSecs)
  const span = Math.max(shortest, Math.min(lengthSecs, (view.end - view.start) * factor))
  const share = (centre - view.start) / (view.end - view.start)
  return moved({ start: centre - share * span, end: centre + (1 - share) * span }, 0, lengthSecs)
}

/** Shows what lies `by` seconds later, without leaving the sound. */
export function moved(view: Region, by: number, lengthSecs: number): Region {
  const span = view.end - view.start
  const start = Math.max(0, Math.min(lengthSecs - span, view.start + by))
  return { start, end: start + span }
}

/** Round places for about `nTicks` marks on a time axis. */
export function ticksOf(view: Region, nTicks: number): number[] {
  const rough = (view.end - view.start) / nTicks
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10)
  const first = Math.ceil(view.start / step)
  const last = Math.floor(view.end / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
}
