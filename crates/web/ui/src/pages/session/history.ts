// What was moved, so that it can be moved back: values by number, many moves of one gesture together.

/** Moves that follow each other within this time, of the same controls, are one. */
const GESTURE_MS = 700
const MOST = 200

interface Step {
  before: Map<number, number>
  after: Map<number, number>
  atMs: number
}

export class History {
  #done: Step[] = []
  #undone: Step[] = []

  get canUndo(): boolean {
    return this.#done.length > 0
  }
  get canRedo(): boolean {
    return this.#undone.length > 0
  }

  /** Notes that controls moved: number, value before, value now. */
  note(moves: readonly (readonly [number: number, before: number, now: number])[], atMs: number): void {
    const newest = this.#done.at(-1)
    this.#undone = []
    if (newest && atMs - newest.atMs < GESTURE_MS && moves.every(([number]) => newest.before.has(number))) {
      for (const [number, , now] of moves) newest.after.set(number, now)
      newest.atMs = atMs
      return
    }
    const step: Step = { before: new Map(), after: new Map(), atMs }
    for (const [number, before, now] of moves) {
      step.before.set(number, before)
      step.after.set(number, now)
    }
    this.#done = [...this.#done.slice(1 - MOST), step]
  }

  /** Where controls go back to; undefined if there is nothing to undo. */
  undo(): ReadonlyMap<number, number> | undefined {
    const step = this.#done.pop()
    if (step) this.#undone.push({ ...step, atMs: 0 })
    return step?.before
  }

  redo(): ReadonlyMap<number, number> | undefined {
    const step = this.#undone.pop()
    if (step) this.#done.push({ ...step, atMs: 0 })
    return step?.after
  }
}
