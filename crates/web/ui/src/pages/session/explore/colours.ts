// Colours of points: an even scale for what is measured, colours apart for files.

/** Viridis at 16 even steps. Source: matplotlib's `_cm_listed.py`, CC0. */
const VIRIDIS = [
  0x440154, 0x481a6c, 0x472f7d, 0x414487, 0x39568c, 0x31688e, 0x2a788e, 0x23888e,
  0x1f988b, 0x22a884, 0x35b779, 0x54c568, 0x7ad151, 0xa5db36, 0xd2e21b, 0xfde725,
]
/** Steps of a scale: points are drawn step by step. */
export const STEPS = 32
/** Colours apart for files; more files use them again. Source: Okabe and Ito, «Color universal design», 2008. */
const APART = ['#e69f00', '#56b4e9', '#009e73', '#f0e442', '#5c9ded', '#d55e00', '#cc79a7', '#999999']

/** What colours can tell. */
export const COLOURINGS = ['file', 'loudness', 'pitch', 'time'] as const
export type Colouring = (typeof COLOURINGS)[number]

/** A colour of the scale, from 0 to 1. */
export function onScale(share: number): string {
  const place = Math.max(0, Math.min(1, share)) * (VIRIDIS.length - 1)
  const low = Math.min(Math.floor(place), VIRIDIS.length - 2)
  const [a, b] = [VIRIDIS[low]!, VIRIDIS[low + 1]!]
  const channel = (shift: number) => Math.round(((a >> shift) & 255) + (((b >> shift) & 255) - ((a >> shift) & 255)) * (place - low))
  return `rgb(${channel(16)} ${channel(8)} ${channel(0)})`
}

/** Each colour that occurs, with the points that have it. */
export interface Painted {
  colour: string
  points: number[]
}

/** Points by the colour of a share from 0 to 1; those without one come first, in grey. */
export function byScale(n: number, shareOf: (point: number) => number | undefined): Painted[] {
  const none: number[] = []
  const steps: number[][] = Array.from({ length: STEPS }, () => [])
  for (let point = 0; point < n; point++) {
    const share = shareOf(point)
    if (share === undefined) none.push(point)
    else steps[Math.min(STEPS - 1, Math.floor(Math.max(0, share) * STEPS))]!.push(point)
  }
  return [{ colour: '#7d7d7d', points: none }, ...steps.map((points, i) => ({ colour: onScale(i / (STEPS - 1)), points }))].filter(({ points }) => points.length > 0)
}

/** Points by their file. */
export function byFile(sound: Int32Array): Painted[] {
  const colours: number[][] = APART.map(() => [])
  sound.forEach((of, point) => colours[of % APART.length]!.push(point))
  return colours.map((points, i) => ({ colour: APART[i]!, points })).filter(({ points }) => points.length > 0)
}

export const fileColour = (sound: number): string => APART[sound % APART.length]!
