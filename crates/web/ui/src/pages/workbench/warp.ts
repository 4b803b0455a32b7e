// Where beats of the grid lie in a take that has its own time.

/** Places of two sounds that belong together, in seconds, in order. */
export type Warp = readonly (readonly number[])[]

/** Where a time of one sound is in the other: `from` 0 is the first of each pair. Straight between places, and beyond them. */
export function warped(warp: Warp, secs: number, from: 0 | 1): number {
  const to = from === 0 ? 1 : 0
  const last = warp.length - 2
  let i = 0
  while (i < last && secs > (warp[i + 1]?.[from] ?? Infinity)) i++
  const [a, b] = [warp[i], warp[i + 1]]
  if (!a || !b) return secs
  const [a0 = 0, a1 = 0, b0 = 0, b1 = 0] = [a[from], a[to], b[from], b[to]]
  return b0 > a0 ? a1 + ((secs - a0) * (b1 - a1)) / (b0 - a0) : a1
}

/** For the player: the sound before is its first track, the one after its second. */
export const placeOf = (warp: Warp) => (secs: number, from: number, to: number): number =>
  from === to ? secs : Math.max(0, warped(warp, secs, from === 0 ? 0 : 1))

/**
 * The second of a take at which a beat comes, counted from its first beat; between its beats, and beyond the first and the
 * last, time runs on as between the nearest two. With fewer than two beats, each lasts `beatSecs`.
 */
export function placeBefore(beats: readonly number[], beat: number, beatSecs: number): number {
  const [first, second] = beats
  if (first === undefined || second === undefined) return (first ?? 0) + beat * beatSecs
  const i = Math.max(0, Math.min(beats.length - 2, Math.floor(beat)))
  const [from, to] = [beats[i] ?? first, beats[i + 1] ?? second]
  return from + (beat - i) * (to - from)
}
