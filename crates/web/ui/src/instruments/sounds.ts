// Sounds fetched and decoded once, for the player, waveforms and spectrograms alike.

import { problemFrom, unreachable } from '$lib/api/problem'

import { type Envelope, envelopeFromSamples } from './envelope'
import { wavRate } from './timeline'

export interface Sound {
  buffer: AudioBuffer
  /** All channels mixed to mono, in [-1, 1], for drawing. */
  mono: Float32Array
  envelope: Envelope
}

/** The most decoded sound kept, in bytes: about four minutes of stereo. */
const CACHE_BYTES = 96e6
const DEFAULT_RATE_HZ = 44_100

/** By address, least recently used first. */
const cache = new Map<string, Promise<Sound>>()
const sizes = new Map<string, number>()

/** The sound at a URL of the studio. */
export function loadSound(url: string): Promise<Sound> {
  const known = cache.get(url)
  if (known) {
    cache.delete(url)
    cache.set(url, known)
    return known
  }
  const loading = fetchSound(url)
  cache.set(url, loading)
  loading.then(
    (sound) => {
      sizes.set(url, sound.buffer.length * 4 * (sound.buffer.numberOfChannels + 1))
      shrink(url)
    },
    () => cache.delete(url),
  )
  return loading
}

async function fetchSound(url: string): Promise<Sound> {
  const answer = await fetch(url).catch(() => {
    throw unreachable()
  })
  if (!answer.ok) throw problemFrom(await answer.json().catch(() => undefined), answer.status)
  const bytes = await answer.arrayBuffer()
  const rateHz = wavRate(bytes) ?? DEFAULT_RATE_HZ
  const buffer = await decoder(rateHz).decodeAudioData(bytes)
  const mono = mixed(buffer)
  return { buffer, mono, envelope: envelopeFromSamples(mono, buffer.sampleRate) }
}

/** Decodes at the sound's own rate, so that samples stay unchanged; needs no user gesture. */
function decoder(rateHz: number): OfflineAudioContext {
  try {
    return new OfflineAudioContext(1, 1, rateHz)
  } catch {
    // Browsers differ in the rates they support outside 8 to 96 kHz.
    return new OfflineAudioContext(1, 1, DEFAULT_RATE_HZ)
  }
}

function mixed(buffer: AudioBuffer): Float32Array {
  if (buffer.numberOfChannels === 1) return buffer.getChannelData(0)
  const mono = new Float32Array(buffer.length)
  for (let c = 0; c < buffer.numberOfChannels; c++) {
    const channel = buffer.getChannelData(c)
    for (let i = 0; i < mono.length; i++) mono[i] = mono[i]! + channel[i]! / buffer.numberOfChannels
  }
  return mono
}

function shrink(keep: string) {
  let total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  for (const url of [...cache.keys()]) {
    if (total <= CACHE_BYTES) return
    if (url === keep) continue
    total -= sizes.get(url) ?? 0
    cache.delete(url)
    sizes.delete(url)
  }
}
