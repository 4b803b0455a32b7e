// The theme's colours for what is drawn on a canvas, where CSS does not reach.

let version = $state(0)

/** What a high-contrast mode of the system leaves of our colours. */
const FORCED: Record<string, string> = { surface: 'Canvas', 'series-1': 'Highlight', accent: 'Highlight' }
const forced = typeof matchMedia === 'undefined' ? undefined : matchMedia('(forced-colors: active)')

if (typeof document !== 'undefined') {
  const changed = () => version++
  new MutationObserver(changed).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'style'] })
  forced?.addEventListener('change', changed)
}

/** A token of the theme, like `series-1`; an effect that asks for it runs again when the theme changes. */
export function colour(token: string): string {
  void version
  if (forced?.matches) return FORCED[token] ?? 'CanvasText'
  return getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim()
}

/** Whether the system allows two colours only, so that lines must differ in more than colour. */
export function isForced(): boolean {
  void version
  return forced?.matches ?? false
}

/** The size of small text in CSS pixels; follows the reader's text size. */
export function smallTextSize(): number {
  void version
  return 0.75 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
}
