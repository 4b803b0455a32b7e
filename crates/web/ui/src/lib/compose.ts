// Settings that the studio composed: what differs between two, and how what they are made of is told.

import type { Knob, OwnPreset } from '$lib/api'

import { isSame } from './knobs'

export type Settings = Record<string, unknown>

export interface Difference {
  knob: Knob
  here: unknown
  there: unknown
}

/** The knobs that have different values; what older settings lack has its default. */
export function differences(knobs: readonly Knob[], here: Settings, there: Settings): Difference[] {
  return knobs
    .map((knob) => ({ knob, here: here[knob.key] ?? knob.default, there: there[knob.key] ?? knob.default }))
    .filter((one) => !isSame(one.here, one.there))
}

/** The defaults of all knobs, to compare with. */
export const defaultsOf = (knobs: readonly Knob[]): Settings => Object.fromEntries(knobs.map((knob) => [knob.key, knob.default]))

interface Composition {
  preset: string
  switches?: readonly string[]
  own_preset?: { name: string } | null
}

/** `v2 + causal + noise`; `My voice (v2 + causal)` where a preset of one's own named it. */
export function compositionText({ preset, switches = [], own_preset }: Composition): string {
  const parts = [preset, ...switches].join(' + ')
  return own_preset ? `${own_preset.name} (${parts})` : parts
}

/** What a preset of one's own is made of, down to the family's. */
export const madeOf = ({ preset, switches }: OwnPreset): string => compositionText({ preset: preset ?? '', switches: switches ?? [] })

/** The same list with one thing at another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const [one, ...rest] = list.slice(from, from + 1)
  if (one === undefined || rest.length > 0) return [...list]
  const others = [...list.slice(0, from), ...list.slice(from + 1)]
  const at = Math.min(Math.max(to, 0), others.length)
  return [...others.slice(0, at), one, ...others.slice(at)]
}
