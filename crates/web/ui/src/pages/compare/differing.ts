// Settings of several runs beside each other: only those that are not the same in all.

import type { Knob } from '$lib/api'
import type { Settings } from '$lib/compose'
import { isSame } from '$lib/knobs'

export interface Differing {
  knob: Knob
  /** Its value in each of them, in their order. */
  values: unknown[]
}

/** What older settings lack has its default. */
export function differing(knobs: readonly Knob[], all: readonly Settings[]): Differing[] {
  return knobs
    .map((knob) => ({ knob, values: all.map((settings) => settings[knob.key] ?? knob.default) }))
    .filter(({ values }) => values.some((value) => !isSame(value, values[0])))
}
