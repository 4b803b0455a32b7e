// What a preset, switches and single settings come to, before the studio is asked: later layers win.

import type { Family, Knob, Origin, OwnPreset } from '$lib/api'

import { isSame } from './knobs'

export type Settings = Record<string, unknown>

/** Some settings from one source. */
export interface Layer {
  origin: Origin
  settings: Settings
}

/** A value of each knob, and which layer it is from. */
export interface Composed {
  values: Settings
  origins: Record<string, Origin>
}

/** What is chosen before single settings: a preset, the family's or one's own, and switches over it. */
export interface Base {
  preset: string
  switches: readonly string[]
  /** Rate and channels of the dataset, which no preset knows. */
  dataset?: Settings
}

/** The layers under a run's own settings, in their order. */
export function layersOf(family: Family, own: readonly OwnPreset[], { preset, switches, dataset = {} }: Base): Layer[] {
  const known = family.presets.find((one) => one.name === preset)
  const mine = known ? undefined : own.find((one) => one.id === preset)
  const under = known ?? family.presets.find((one) => one.name === mine?.preset)
  const switched = (names: readonly string[]) =>
    names.flatMap((name): Layer[] => {
      const found = family.switches.find((one) => one.name === name)
      return found ? [{ origin: { from: 'switch', name }, settings: found.settings }] : []
    })
  const settings = (mine?.settings ?? {}) as Settings
  const given = Object.fromEntries(Object.entries(dataset).filter(([key]) => !(key in settings)))
  return [
    ...(under ? [{ origin: { from: 'preset' as const }, settings: under.settings }] : []),
    ...switched(mine?.switches ?? []),
    { origin: { from: 'preset' }, settings },
    ...switched(switches),
    { origin: { from: 'dataset' }, settings: given },
  ]
}

/** The value of each knob: the last layer's that sets it, else its own. */
export function compose(knobs: readonly Knob[], layers: readonly Layer[]): Composed {
  const composed: Composed = { values: {}, origins: {} }
  for (const { key, default: own } of knobs) {
    const layer = layers.findLast((one) => key in one.settings)
    composed.values[key] = layer ? layer.settings[key] : own
    composed.origins[key] = layer?.origin ?? { from: 'default' }
  }
  return composed
}

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
