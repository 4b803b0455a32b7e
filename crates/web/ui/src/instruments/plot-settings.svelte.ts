// Settings shared by all charts of a page: smoothing, scale, and the visible steps.

export class PlotSettings {
  /** Weight of the moving average, 0 (as measured) to 0.99. */
  smoothing = $state(0)
  isLog = $state(false)
  /** Whether rare extreme values may be cut off. */
  ignoresOutliers = $state(false)
  /** The visible steps; all if undefined. */
  zoom = $state.raw<{ min: number; max: number }>()
}
