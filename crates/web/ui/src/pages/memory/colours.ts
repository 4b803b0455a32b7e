// Colours of patterns, the same wherever patterns are drawn.

import { isLight } from '$instruments/theme.svelte'

/** Colours apart for the kinds that patterns are cut as. Source: Okabe and Ito, «Color universal design», 2008, with a darker yellow and a violet. */
const KINDS: Record<string, string> = {
  rhythmic: '#e69f00',
  harmonic: '#56b4e9',
  textural: '#009e73',
  spectral: '#cfc024',
  granular: '#d55e00',
  stochastic: '#cc79a7',
  atmospheric: '#9b8cff',
}

/** The colour of a kind; a word of one's own has one that follows from its letters. */
export function kindColour(kind: string): string {
  let hue = 0
  for (const letter of kind) hue = (hue * 31 + letter.codePointAt(0)!) % 360
  return KINDS[kind] ?? `hsl(${hue} 40% 62%)`
}

/** A colour as it is drawn on the page: darker on a light one. */
export const drawn = (tone: string): string => (isLight() ? `color-mix(in srgb, ${tone}, #000 28%)` : tone)
