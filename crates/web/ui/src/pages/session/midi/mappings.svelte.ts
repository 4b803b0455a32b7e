// Which knob moves which control, learnt by moving the knob.

import type { LiveSession } from '../session.svelte'

/** A knob of a controller: a control change by its number, or the pitch wheel. */
export interface Knob {
  kind: 'controller' | 'wheel'
  /** From 0. */
  channel: number
  number: number
}
export interface Mapping {
  knob: Knob
  /** The key of the control that it moves. */
  key: string
  /** Where it stands at the knob's ends. */
  least: number
  most: number
}

export const isSameKnob = (a: Knob, b: Knob): boolean => a.kind === b.kind && a.channel === b.channel && a.number === b.number

export class Mappings {
  list = $state.raw<Mapping[]>([])
  /** Whether controls offer to be learnt. */
  isLearning = $state(false)
  /** The key of the control that the next knob is to move. */
  learning = $state<string>()
  /** The last knob that moved. */
  heard = $state.raw<Knob>()

  #session: LiveSession

  constructor(session: LiveSession) {
    this.#session = session
  }

  /** The next knob that moves is to move this control; again: not. */
  learn(key: string): void {
    this.learning = this.learning === key ? undefined : key
  }
  forget(mapping: Mapping): void {
    this.list = this.list.filter((one) => one !== mapping)
  }
  change(mapping: Mapping, changes: Partial<Mapping>): void {
    this.list = this.list.map((one) => (one === mapping ? { ...one, ...changes } : one))
  }

  /** A knob moved to a share of its way, 0 to 1. */
  moved(knob: Knob, share: number): void {
    this.heard = knob
    const session = this.#session
    if (this.learning !== undefined) {
      const { least, most } = session.control(this.learning)
      this.list = [...this.list.filter((one) => !(isSameKnob(one.knob, knob) && one.key === this.learning)), { knob, key: this.learning, least, most }]
      this.learning = undefined
    }
    const moves = this.list
      .filter((one) => isSameKnob(one.knob, knob) && session.has(one.key))
      .map(({ key, least, most }) => [key, least + share * (most - least)] as const)
    if (moves.length > 0) session.set(Object.fromEntries(moves), false)
  }
}
