// What is edited, with what it was before: each edit is a step that can be undone and done again.

/** Steps that can be undone. */
const STEPS_MAX = 200

export class Steps<T> {
  #past = $state.raw<T[]>([])
  #future = $state.raw<T[]>([])
  #now: T

  constructor(first: T) {
    this.#now = $state.raw(first)
  }

  /** As it is now. */
  get now(): T {
    return this.#now
  }
  get canUndo(): boolean {
    return this.#past.length > 0
  }
  get canRedo(): boolean {
    return this.#future.length > 0
  }

  /** Takes a step. */
  take(next: T): void {
    this.#past = [...this.#past, this.#now].slice(-STEPS_MAX)
    this.#future = []
    this.#now = next
  }

  undo(): void {
    const before = this.#past.at(-1)
    if (before === undefined) return
    this.#past = this.#past.slice(0, -1)
    this.#future = [...this.#future, this.#now]
    this.#now = before
  }

  redo(): void {
    const next = this.#future.at(-1)
    if (next === undefined) return
    this.#future = this.#future.slice(0, -1)
    this.#past = [...this.#past, this.#now]
    this.#now = next
  }

  /** Starts anew: there is nothing to undo. */
  begin(first: T): void {
    this.#past = []
    this.#future = []
    this.#now = first
  }

  /** Handles Ctrl+Z, Ctrl+Y and Ctrl+Shift+Z; returns whether the key was one of them and did something. */
  pressed(event: KeyboardEvent): boolean {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return false
    const key = event.key.toLowerCase()
    const isRedo = key === 'y' || (key === 'z' && event.shiftKey)
    if (isRedo && this.canRedo) this.redo()
    else if (key === 'z' && !event.shiftKey && this.canUndo) this.undo()
    else return false
    return true
  }
}
