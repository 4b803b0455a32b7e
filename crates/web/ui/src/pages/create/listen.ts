// How made sounds get to the player, and their shapes to the eye.

import './en'

import { envelopeFromPeaks, type Envelope } from '$instruments/envelope'
import { player, type Playable } from '$instruments/player.svelte'
import type { Peaks } from '$lib/api'
import { generatedPeaks, generationFileUrl } from '$lib/api/generations'
import { soundFileUrl, soundPeaks } from '$lib/api/sounds'
import { t } from '$lib/i18n'

import type { GeneratedSound, Sound } from '$lib/api'

const FILE = 'sound.wav'
const INPUT = 'input.wav'

/** Whether a sound came in beside it, in step with it. */
export const hasInput = ({ card }: Pick<Sound, 'card'>): boolean => card.recipe.source.from === 'sound'

/** The file of a part, by its number from 1. */
export const partFile = (number: number): string => `part-${number}.wav`

export const fileOf = ({ id }: Pick<Sound, 'id'>): string => soundFileUrl(id, FILE)
export const generatedFile = (job: string, { path }: GeneratedSound): string => generationFileUrl(job, `${path}/${FILE}`)

export const playableOf = (sound: Sound): Playable => ({ id: `sound/${sound.id}`, title: sound.card.name, tracks: [{ label: sound.card.name, url: fileOf(sound) }] })

export const playableGenerated = (job: string, made: GeneratedSound): Playable => ({
  id: `generation/${job}/${made.number}`,
  title: made.card.name,
  tracks: [{ label: made.card.name, url: generatedFile(job, made) }],
})

/** A sound with the one that came in: A is the original, B what the model made of it. */
export const pairOf = (sound: Sound): Playable => pair(`sound/${sound.id}/pair`, sound.card.name, soundFileUrl(sound.id, INPUT), fileOf(sound))

export const pairGenerated = (job: string, made: GeneratedSound): Playable =>
  pair(`generation/${job}/${made.number}/pair`, made.card.name, generationFileUrl(job, `${made.path}/${INPUT}`), generatedFile(job, made))

const pair = (id: string, title: string, original: string, through: string): Playable => ({
  id,
  title,
  tracks: [
    { label: t('pair.original'), url: original },
    { label: t('pair.through'), url: through },
  ],
})

/** Plays this from its start, whatever else is playing. */
export async function hear(playable: Playable): Promise<void> {
  await player.load(playable)
  // Somebody may have gone on to the next while it loaded.
  if (!player.isCurrent(playable)) return
  if (player.isPlaying) player.pause()
  await player.seek(0)
  await player.play()
}

/** Quiet sounds are drawn higher, at most so many times, so that their shape can be seen; their loudness stands beside it. */
const RAISED_MAX = 16

function raised(envelope: Envelope): Envelope {
  const coarsest = envelope.levels.at(-1)
  const peak = Math.max(0, ...(coarsest?.max ?? []), ...(coarsest?.min ?? []).map((value) => -value))
  const factor = peak > 0 ? Math.min(RAISED_MAX, 0.95 / peak) : 1
  if (factor <= 1) return envelope
  return { ...envelope, levels: envelope.levels.map(({ block, min, max }) => ({ block, min: min.map((value) => value * factor), max: max.map((value) => value * factor) })) }
}

/** How many shapes are remembered. */
const KEPT_MAX = 400
const kept = new Map<string, Envelope>()

async function shape(key: string, ask: () => Promise<Peaks>): Promise<Envelope> {
  const known = kept.get(key)
  if (known) return known
  const made = raised(envelopeFromPeaks(await ask()))
  kept.set(key, made)
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value ?? '')
  return made
}

export const shapeOf = (id: string, signal?: AbortSignal): Promise<Envelope> => shape(`sound/${id}`, () => soundPeaks(id, signal))
export const shapeGenerated = (job: string, number: number, signal?: AbortSignal): Promise<Envelope> =>
  shape(`generation/${job}/${number}`, () => generatedPeaks(job, number, signal))
