// Keyboard shortcuts: components register theirs while mounted; the `?` sheet lists them.

import { onMount } from 'svelte'

import { prefs } from './prefs.svelte'

export interface Shortcut {
  /** `n`, `?`, `Delete`, `Space`, or a chord like `g d`. */
  keys: string
  /** Its description in the `?` sheet. */
  title: string
  run: () => void
  /** Whether it works throughout the app or on this page only. */
  scope?: 'app' | 'page'
}

const CHORD_MS = 1200
let active = $state.raw<Shortcut[]>([])
let prefix = ''
let prefixTime = 0

export const shortcuts = {
  get all(): Shortcut[] {
    return active
  },
}

/** Registers shortcuts while the component is mounted. The newest component takes precedence. */
export function useShortcuts(...list: Shortcut[]): void {
  onMount(() => {
    active = [...list, ...active]
    return () => {
      active = active.filter((one) => !list.includes(one))
    }
  })
}

/** Dispatches a key press to its shortcut. */
export function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  if (!prefs.hasSingleKeys || isTyping(event.target) || document.querySelector('[role=dialog]')) return
  const key = event.key === ' ' ? 'Space' : event.key
  // A focused button or link handles Space and Enter itself.
  if ((key === 'Space' || key === 'Enter') && isPressable(event.target)) return
  const isChord = prefix !== '' && event.timeStamp - prefixTime < CHORD_MS
  const typed = isChord ? `${prefix} ${key}` : key
  prefix = ''
  const found = active.find((one) => one.keys === typed)
  if (found) {
    event.preventDefault()
    found.run()
  } else if (active.some((one) => one.keys.startsWith(`${key} `))) {
    prefix = key
    prefixTime = event.timeStamp
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=range], [type=button])') !== null
}

function isPressable(target: EventTarget | null): boolean {
  // Space does nothing on a radio button that is already selected.
  const pressable = 'button, a, summary, input:not([type=radio]:checked), [role=tab], [role=slider]'
  return target instanceof HTMLElement && target.closest(pressable) !== null
}
