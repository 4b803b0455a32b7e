// Theme colours for canvas drawing, which CSS does not reach.

let version = $state(0)

/** System colours that replace ours in a forced high-contrast mode. */
const FORCED: Record<string, string> = { surface: 'Canvas', 'series-1': 'Highlight', accent: 'Highlight' }
const forced = typeof matchMedia === 'undefined' ? undefined : matchMedia('(forced-colors: active)')

if (typeof document !== 'undefined') {
  const changed = () => version++
  new MutationObserver(changed).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'style'] })
  forced?.addEventListener('change', changed)
}

/** A theme token, such as `series-1`; an effect that reads it reruns when the theme changes. */
export function colour(token: string): string {
  void version
  if (forced?.matches) return FORCED[token] ?? 'CanvasText'
  return getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim()
}

/** Whether the system forces its own colours, so that lines must differ in more than colour. */
export function isForced(): boolean {
  void version
  return forced?.matches ?? false
}

/** Whether dark is drawn on light. */
export function isLight(): boolean {
  void version
  return document.documentElement.dataset.theme === 'light'
}

/** The size of small text in CSS pixels; follows the user's text size. */
export function smallTextSize(): number {
  void version
  return 0.75 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
}
