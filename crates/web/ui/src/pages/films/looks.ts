// The sizes a film can have, by their use.

import type { FilmLook } from '$lib/api'

export const SIZES = [
  { key: 'standard', width: 640, height: 960 },
  { key: 'large', width: 1280, height: 1680 },
  { key: 'shorts', width: 720, height: 1280 },
  { key: 'wide', width: 1920, height: 1080 },
] as const

export type Size = (typeof SIZES)[number]['key']

/** The size of a film, if it is one of these. */
export const sizeOf = ({ width, height }: Pick<FilmLook, 'width' | 'height'>): Size | undefined =>
  SIZES.find((one) => one.width === width && one.height === height)?.key
