// The info line: one sentence about what has the focus or is under the pointer.

let text = $state('')

export const info = {
  get text(): string {
    return text
  },
}

/** Shows the nearest `data-info` of whatever is hovered or focused. Call once, in the shell. */
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
