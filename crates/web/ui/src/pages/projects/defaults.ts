// The defaults of a project's new runs: whether there are any, and their description.

import type { Family, OwnPreset, RunDefaults } from '$lib/api'
import { shownValue } from '$lib/knobs'

/** No defaults: new runs start as they would without a project. */
export const NO_DEFAULTS: RunDefaults = { family: null, preset: null, switches: [], settings: {}, limit: null }

export const isDefaulted = ({ preset, switches, settings, limit }: RunDefaults): boolean =>
  Boolean(preset) || (switches?.length ?? 0) > 0 || Object.keys(settings ?? {}).length > 0 || Boolean(limit)

export interface DefaultsTold {
  preset: string | undefined
  switches: string[]
  settings: { title: string; value: string }[]
}

/** In the words of the form; names that the family no longer has are shown as they are. */
export function toldDefaults({ preset, switches, settings }: RunDefaults, family: Family | undefined, own: readonly OwnPreset[]): DefaultsTold {
  const titleOf = (name: string) => own.find(({ id }) => id === name)?.name ?? family?.presets.find((one) => one.name === name)?.title ?? name
  return {
    preset: preset ? titleOf(preset) : undefined,
    switches: (switches ?? []).map((name) => family?.switches.find((one) => one.name === name)?.title ?? name),
    settings: Object.entries((settings ?? {}) as Record<string, unknown>).map(([key, value]) => {
      const knob = family?.knobs.find((one) => one.key === key)
      return { title: knob?.title ?? key, value: knob ? shownValue(knob, value) : JSON.stringify(value) }
    }),
  }
}
