// Where the neighbours of a pattern are drawn around it.

/** The least and the most distance from the middle, in percent of half the picture. */
const NEAREST = 52
const FARTHEST = 86

/** Places in percent, round the middle at 50: the less similar, the farther away. They never lie on each other. */
export function around(similarities: readonly number[]): { x: number; y: number }[] {
  const [most, least] = [Math.max(...similarities), Math.min(...similarities)]
  return similarities.map((similarity, i) => {
    const share = most > least ? (most - similarity) / (most - least) : 0
    const far = (NEAREST + share * (FARTHEST - NEAREST)) / 2
    // Half a step aside, so that none stands right above or below the middle, where names would meet.
    const angle = (2 * Math.PI * (i + 0.5)) / similarities.length - Math.PI / 2
    return { x: 50 + far * Math.cos(angle), y: 48 + far * Math.sin(angle) }
  })
}
