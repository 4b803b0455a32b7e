// Composed settings: the differences between two of them, and what they are composed of, in words.

import type { Knob, OwnPreset } from '$lib/api'

import { isSame } from './knobs'

export type Settings = Record<string, unknown>

export interface Difference {
  knob: Knob
  here: unknown
  there: unknown
}

/** The knobs whose values differ; settings missing from older files have their defaults. */
export function differences(knobs: readonly Knob[], here: Settings, there: Settings): Difference[] {
  return knobs
    .map((knob) => ({ knob, here: here[knob.key] ?? knob.default, there: there[knob.key] ?? knob.default }))
    .filter((one) => !isSame(one.here, one.there))
}

/** The defaults of all knobs, for comparison. */
export const defaultsOf = (knobs: readonly Knob[]): Settings => Object.fromEntries(knobs.map((knob) => [knob.key, knob.default]))

interface Composition {
  preset: string
  switches?: readonly string[]
  own_preset?: { name: string } | null
}

/** `v2 + causal + noise`; `My voice (v2 + causal)` for one of the user's own presets. */
export function compositionText({ preset, switches = [], own_preset }: Composition): string {
  const parts = [preset, ...switches].join(' + ')
  return own_preset ? `${own_preset.name} (${parts})` : parts
}

/** What one of the user's own presets is composed of, down to the family's preset. */
export const madeOf = ({ preset, switches }: OwnPreset): string => compositionText({ preset: preset ?? '', switches: switches ?? [] })

/** The same list with one item moved. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const [one, ...rest] = list.slice(from, from + 1)
  if (one === undefined || rest.length > 0) return [...list]
  const others = [...list.slice(0, from), ...list.slice(from + 1)]
  const at = Math.min(Math.max(to, 0), others.length)
  return [...others.slice(0, at), one, ...others.slice(at)]
}
