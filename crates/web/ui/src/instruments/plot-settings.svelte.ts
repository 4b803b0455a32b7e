// What all charts of a page have in common: smoothing, scale, and the stretch of steps they show.

export class PlotSettings {
  /** Weight of the moving average, 0 (as measured) to 0.99. */
  smoothing = $state(0)
  isLog = $state(false)
  /** Whether rare extreme values may lie outside the picture. */
  ignoresOutliers = $state(false)
  /** The stretch of steps to show; all of them if undefined. */
  zoom = $state.raw<{ min: number; max: number }>()
}
