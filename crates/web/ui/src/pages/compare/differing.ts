// The settings of several runs side by side: only those that differ.

import type { Knob } from '$lib/api'
import type { Settings } from '$lib/compose'
import { isSame } from '$lib/knobs'

export interface Differing {
  knob: Knob
  /** Its value in each of the runs, in their order. */
  values: unknown[]
}

/** Settings missing from older runs have their defaults. */
export function differing(knobs: readonly Knob[], all: readonly Settings[]): Differing[] {
  return knobs
    .map((knob) => ({ knob, values: all.map((settings) => settings[knob.key] ?? knob.default) }))
    .filter(({ values }) => values.some((value) => !isSame(value, values[0])))
}
