// Scales and notes: their names, and the nearest note of a scale.

/** The notes of an octave, from C on. */
export const TONICS = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B'] as const

/** Modes as the studio names them, with their steps above the tonic. */
export const MODES = {
  chromatic: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  major: [0, 2, 4, 5, 7, 9, 11],
  minor: [0, 2, 3, 5, 7, 8, 10],
  'harmonic minor': [0, 2, 3, 5, 7, 8, 11],
  dorian: [0, 2, 3, 5, 7, 9, 10],
  phrygian: [0, 1, 3, 5, 7, 8, 10],
  lydian: [0, 2, 4, 6, 7, 9, 11],
  mixolydian: [0, 2, 4, 5, 7, 9, 10],
  pentatonic: [0, 2, 4, 7, 9],
  'minor pentatonic': [0, 3, 5, 7, 10],
  blues: [0, 3, 5, 6, 7, 10],
} as const
export type Mode = keyof typeof MODES

/** A scale: its tonic, from C on, and its mode. */
export interface Scale {
  tonic: number
  mode: Mode
}

const FLATS: Record<string, number> = { Db: 1, Eb: 3, Gb: 6, Ab: 8, Bb: 10, Cb: 11, Fb: 4 }

/** The scale of a key like `A minor` or `Bb major`; all notes where it is none. */
export function scaleFromKey(key: string | null | undefined): Scale {
  const [name = '', ...rest] = (key ?? '').trim().split(/\s+/)
  const sharp = (TONICS as readonly string[]).indexOf(name)
  const tonic = sharp >= 0 ? sharp : FLATS[name]
  const mode = rest.join(' ').toLowerCase()
  if (tonic === undefined || !(mode in MODES)) return { tonic: 0, mode: 'chromatic' }
  return { tonic, mode: mode as Mode }
}

/** The name of a scale, as the studio reads it. */
export const scaleName = ({ tonic, mode }: Scale): string => (mode === 'chromatic' ? mode : `${TONICS[tonic] ?? 'C'} ${mode}`)

/** Whether a scale has a whole note. */
export function has({ tonic, mode }: Scale, note: number): boolean {
  return (MODES[mode] as readonly number[]).includes((((note - tonic) % 12) + 12) % 12)
}

/** By how much notes lie higher than at 440 Hz, in semitones. */
export const offsetOf = (aHz: number): number => 12 * Math.log2(aHz / 440)

/** The nearest note of a scale; of two as near, the lower one. */
export function nearest(scale: Scale, pitch: number, offset = 0): number {
  const around = Math.round(pitch - offset)
  let best = around
  let least = Infinity
  for (let note = around - 12; note <= around + 12; note++) {
    const apart = Math.abs(note + offset - pitch)
    if (has(scale, note) && apart < least - 1e-9) [best, least] = [note, apart]
  }
  return best + offset
}

/** The next semitone above or below a pitch, of those that the tuning has. */
export function stepped(pitch: number, by: 1 | -1, offset = 0): number {
  const at = pitch - offset
  return (by > 0 ? Math.floor(at + 1e-6) + 1 : Math.ceil(at - 1e-6) - 1) + offset
}

/** The name of the nearest note, as `C♯4`; 60 is C4. */
export function noteName(pitch: number, offset = 0): string {
  const note = Math.round(pitch - offset)
  const name = TONICS[((note % 12) + 12) % 12] ?? 'C'
  return `${name.replace('#', '♯')}${Math.floor(note / 12) - 1}`
}

/** How far a pitch lies from the nearest note, in whole cents. */
export const centsOff = (pitch: number, offset = 0): number => Math.round(100 * (pitch - offset - Math.round(pitch - offset)))
