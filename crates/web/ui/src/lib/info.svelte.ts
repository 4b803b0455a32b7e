// The info line: one sentence about the focused or hovered control.

let text = $state('')

export const info = {
  get text(): string {
    return text
  },
}

/** Shows the nearest `data-info` of the hovered or focused element. Call once, in the shell. */
export function startInfo(): () => void {
  const show = (event: globalThis.Event) => {
    const holder = event.target instanceof Element ? event.target.closest('[data-info]') : null
    text = holder?.getAttribute('data-info') ?? ''
  }
  document.addEventListener('pointerover', show)
  document.addEventListener('focusin', show)
  return () => {
    document.removeEventListener('pointerover', show)
    document.removeEventListener('focusin', show)
  }
}
