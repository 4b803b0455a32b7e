// A canvas at the screen's full resolution.

/** Reports the size of a canvas in device pixels, now and whenever it changes. */
export function watchSize(canvas: HTMLCanvasElement, onSize: (width: number, height: number) => void): () => void {
  const measure = () => {
    const ratio = devicePixelRatio || 1
    onSize(Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio))
  }
  const observer = new ResizeObserver(measure)
  observer.observe(canvas)
  measure()
  return () => observer.disconnect()
}
