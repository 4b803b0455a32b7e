// What the player plays of a pattern: its own part of the sound that it is of, and no more.

import { envelopeFromSamples } from '$instruments/envelope'
import type { Playable } from '$instruments/player.svelte'
import { loadSound, type Sound } from '$instruments/sounds'
import type { Pattern } from '$lib/api'
import { aboutPatternSound, patternSoundUrl } from '$lib/api/memory'

import { nameOf } from './words'

type Heard = Pick<Pattern, 'id' | 'source' | 'start_secs' | 'end_secs'>

export const playableOf = (pattern: Heard): Playable => {
  const name = nameOf(pattern)
  return { id: `pattern/${pattern.id}`, title: name, tracks: [{ label: name, url: patternSoundUrl(pattern.id), load: () => soundOf(pattern) }] }
}

/** By the hash of a sound: a pattern whose address has all of it, so that it is loaded once for all its patterns. */
const wholes = new Map<string, string>()

/** A pattern's sound as it is there: the pattern alone, or all of the sound that it is of. */
export interface SourceSound {
  sound: Sound
  isAlone: boolean
  url: string
}

export async function sourceOf({ id, source }: Heard): Promise<SourceSound> {
  const known = wholes.get(source.sha256)
  if (known !== undefined) {
    const url = patternSoundUrl(known)
    // That pattern may be gone by now.
    const sound = await loadSound(url).catch(() => undefined)
    if (sound) return { sound, isAlone: false, url }
    wholes.delete(source.sha256)
  }
  const { isAlone } = await aboutPatternSound(id)
  const url = patternSoundUrl(id)
  const sound = await loadSound(url)
  if (!isAlone) wholes.set(source.sha256, id)
  return { sound, isAlone, url }
}

async function soundOf(pattern: Heard): Promise<Sound> {
  const { sound, isAlone } = await sourceOf(pattern)
  return isAlone ? sound : partOf(sound, pattern.start_secs, pattern.end_secs)
}

/** A part of a sound, as a sound. */
function partOf({ buffer, mono }: Sound, startSecs: number, endSecs: number): Sound {
  const rateHz = buffer.sampleRate
  const [from, to] = samplesOf(startSecs, endSecs, rateHz, buffer.length)
  const part = new AudioBuffer({ length: to - from, numberOfChannels: buffer.numberOfChannels, sampleRate: rateHz })
  for (let c = 0; c < buffer.numberOfChannels; c++) part.copyToChannel(buffer.getChannelData(c).subarray(from, to), c)
  const samples = mono.subarray(from, to)
  return { buffer: part, mono: samples, envelope: envelopeFromSamples(samples, rateHz) }
}

/** The samples between two times, exclusive; one at least. */
export function samplesOf(startSecs: number, endSecs: number, rateHz: number, nSamples: number): [from: number, to: number] {
  const from = Math.max(0, Math.min(nSamples - 1, Math.round(startSecs * rateHz)))
  return [from, Math.max(from + 1, Math.min(nSamples, Math.round(endSecs * rateHz)))]
}
