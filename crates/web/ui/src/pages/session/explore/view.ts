// The part of a map that is in sight: zoom, pan, and from pixels to places and back.

export interface View {
  /** The place in the middle. */
  x: number
  y: number
  /** How much larger than the whole square: 1 to 40. */
  zoom: number
}
export const WHOLE: View = { x: 0, y: 0, zoom: 1 }
const ZOOM_MOST = 40

export interface Box {
  width: number
  height: number
}

/** Pixels of one unit of the map. */
export const unitOf = (view: View, { width, height }: Box): number => (Math.min(width, height) / 2) * view.zoom

export function toPixel(view: View, box: Box, x: number, y: number): [number, number] {
  const unit = unitOf(view, box)
  return [box.width / 2 + (x - view.x) * unit, box.height / 2 - (y - view.y) * unit]
}

export function toPlace(view: View, box: Box, px: number, py: number): [number, number] {
  const unit = unitOf(view, box)
  return [view.x + (px - box.width / 2) / unit, view.y - (py - box.height / 2) / unit]
}

/** Zooms by a factor around a place, which stays where it is in sight. */
export function zoomed(view: View, factor: number, x = view.x, y = view.y): View {
  const zoom = Math.max(1, Math.min(ZOOM_MOST, view.zoom * factor))
  const share = view.zoom / zoom
  return within({ x: x + (view.x - x) * share, y: y + (view.y - y) * share, zoom })
}

/** The view with its middle on the map. */
export const within = ({ x, y, zoom }: View): View => {
  const far = 1 - 1 / zoom
  return { x: Math.max(-far, Math.min(far, x)), y: Math.max(-far, Math.min(far, y)), zoom }
}
