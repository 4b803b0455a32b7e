// The computer's keyboard as a piano, which can be switched off.

import { noteOfKey, type Notes } from './notes.svelte'

const KEY = 'maquette.piano'
/** C4. */
const FIRST = 60

export class Keyboard {
  isOn = $state(kept())
  /** The note of the first key. */
  lowest = $state(FIRST)

  #notes: Notes
  /** Keys that are down, and the notes that they play. */
  #down = new Map<string, number>()

  constructor(notes: Notes) {
    this.#notes = notes
    $effect(() => keep(this.isOn))
  }

  /** A key went down; whether it plays. */
  press(event: Pick<KeyboardEvent, 'code' | 'repeat' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): boolean {
    if (!this.isOn || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false
    const note = noteOfKey(event.code, this.lowest)
    if (note === undefined) return false
    if (event.repeat || this.#down.has(event.code)) return true
    this.#down.set(event.code, note)
    this.#notes.press(note)
    return true
  }
  release(code: string): void {
    const note = this.#down.get(code)
    if (note === undefined) return
    this.#down.delete(code)
    this.#notes.release(note)
  }
  /** The page lost the focus: keys that come up elsewhere would sound for ever. */
  releaseAll(): void {
    for (const code of [...this.#down.keys()]) this.release(code)
  }
}

function kept(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on'
  } catch {
    return false
  }
}
function keep(isOn: boolean): void {
  try {
    localStorage.setItem(KEY, isOn ? 'on' : 'off')
  } catch {
    // It is off the next time.
  }
}
