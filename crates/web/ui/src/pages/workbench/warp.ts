// Where beats of the grid lie in a take that has its own time.

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
