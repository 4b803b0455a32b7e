// The instrument as a patch: where all controls stand, what is loaded, what knobs and notes do.

import type { Asked } from './session.svelte'
import type { Mapping } from './midi/mappings.svelte'
import { NOTE_MODES, type NoteMode } from './midi/notes.svelte'

/** The version that this page writes. */
const FORMAT = 1

export interface InstrumentPatch {
  format: number
  /** Controls that are not at their defaults, by key. */
  controls: Record<string, number>
  asked: Asked
  mappings: Mapping[]
  notes: { mode: NoteMode; direction: number; isGated: boolean }
  buffer: number
}

export const instrumentPatch = (parts: Omit<InstrumentPatch, 'format'>): InstrumentPatch => ({ format: FORMAT, ...parts })

/** The patch in what was kept; what is missing or not of its kind is left out. Undefined if it is of a newer format. */
export function patchOf(body: unknown): InstrumentPatch | undefined {
  const kept = (typeof body === 'object' && body !== null ? body : {}) as Partial<Record<keyof InstrumentPatch, unknown>>
  if (typeof kept.format !== 'number' || kept.format > FORMAT) return undefined
  const controls = Object.fromEntries(Object.entries(record(kept.controls)).filter((pair): pair is [string, number] => typeof pair[1] === 'number' && Number.isFinite(pair[1])))
  const notes = record(kept.notes)
  const mode = NOTE_MODES.find((one) => one === notes.mode) ?? 'transpose'
  return {
    format: FORMAT,
    controls,
    asked: record(kept.asked) as Asked,
    mappings: Array.isArray(kept.mappings) ? kept.mappings.filter(isMapping) : [],
    notes: { mode, direction: typeof notes.direction === 'number' ? notes.direction : 0, isGated: notes.isGated !== false },
    buffer: typeof kept.buffer === 'number' ? kept.buffer : 2048,
  }
}

const record = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {})

function isMapping(value: unknown): value is Mapping {
  const { knob, key, least, most } = record(value)
  const { kind, channel, number } = record(knob)
  return (kind === 'controller' || kind === 'wheel') && typeof channel === 'number' && typeof number === 'number' && typeof key === 'string' && typeof least === 'number' && typeof most === 'number'
}
