// Choices in words: the resulting file in one line, and the meaning of each choice.

import './en'

import type { Outdated } from '$lib/api'
import { channels as channelWords, count, number, percent, rate } from '$lib/format'
import { t } from '$lib/i18n'

import { type Choices, type Latents, plays, type Target } from './choices'
import { nLatents, type Source, stemOf } from './source'

/** `8 of 16 latents`, `all 16 latents`. */
export function latentWords(latents: Latents, source: Source): string {
  const [n, all] = [nLatents(latents, source), source.facts?.codec?.latent_size]
  if (latents.keep === 'fidelity' && n === undefined) return t('export.latentsFor', { share: percent(latents.share) })
  if (n === undefined || n === all) return all === undefined ? t('export.latentsAll') : t('export.latentsAllOf', { n: count(all) })
  // Not a valid number of latents, at least not yet.
  if (Number.isNaN(n) || n > (all ?? n)) return t('export.latentsSome')
  return all === undefined ? t('export.latentsN', { n: count(n) }) : t('export.latentsOf', { n: count(n), all: count(all) })
}

/** `notes.ts, streaming, 44.1 kHz mono, 8 of 16 latents` */
export function madeWords(choices: Choices, source: Source): string {
  return [t(`export.made.${choices.to}`, { name: stemOf(source.name) }), ...parts(choices, source)].join(', ')
}

/** `streaming, 44.1 kHz mono, 8 of 16 latents` */
export const partWords = (choices: Choices, source: Source): string => parts(choices, source).join(', ')

function parts(choices: Choices, source: Source): string[] {
  const { to, card } = choices
  if (plays(to)) return playParts(choices, source)
  const author = card.author.trim() && t('export.by', { author: card.author.trim() })
  return (to === 'maq' ? [author, card.license.trim()] : []).filter(Boolean)
}

function playParts({ streaming, latents, channels, rateHz }: Choices, source: Source): string[] {
  const hz = rateHz ?? source.rateHz
  const n = channels ?? source.facts?.codec?.channels
  const sound = [hz === undefined ? '' : rate(hz), n === undefined ? '' : channelWords(n)].filter(Boolean).join(' ')
  return [t(streaming ? 'export.streaming' : 'export.whole'), sound, latentWords(latents, source)].filter(Boolean)
}

/** A choice, its result, and the reason. */
export interface Decided {
  name: string
  value: string
  why: string
}

/** The consequences of the chosen target, with one sentence each. */
export function decidedBy(choices: Choices, source: Source): Decided[] {
  const format = { name: t('export.format'), value: t(`export.formats.${choices.to}`), why: t(`export.formatWhy.${choices.to}`) }
  const { rateHz, facts } = source
  if (plays(choices.to)) return [format, playing(choices, source), rating(choices, source), sides(choices, source), curves(choices, source)]
  const codec = facts?.codec
  if (rateHz === undefined || !codec) return [format]
  const value = t('export.soundOf', { rate: rate(rateHz), channels: channelWords(codec.channels), latents: count(codec.latent_size) })
  return [format, { name: t('export.rest'), value, why: t('export.restWhy') }]
}

function playing({ to, streaming }: Choices, { rateHz, facts }: Source): Decided {
  const name = t('export.playing')
  if (!streaming) return { name, value: t('export.playWhole'), why: t(to === 'torchscript' ? 'export.wholeWhyLive' : 'export.wholeWhy') }
  const codec = facts?.codec
  const late = codec && rateHz ? t('export.late', { ms: number((1000 * codec.latency_samples) / rateHz) }) : ''
  return { name, value: t('export.playStreaming'), why: [t('export.streamingWhy'), late].filter(Boolean).join(' ') }
}

function rating({ rateHz }: Choices, source: Source): Decided {
  const name = t('export.rate')
  const own = source.rateHz === undefined ? t('export.models') : rate(source.rateHz)
  if (rateHz === undefined) return { name, value: own, why: t('export.rateOwn') }
  return { name, value: rate(rateHz), why: t('export.rateOther', { own }) }
}

function sides({ channels }: Choices, { facts }: Source): Decided {
  const name = t('export.channels')
  const own = facts?.codec ? channelWords(facts.codec.channels) : t('export.models')
  if (channels === undefined) return { name, value: own, why: t('export.channelsOwn') }
  return { name, value: channelWords(channels), why: t('export.channelsOther') }
}

function curves({ latents }: Choices, source: Source): Decided {
  const value = latentWords(latents, source)
  const why = {
    all: () => t('export.latentsAllWhy'),
    fidelity: (share: number) => t('export.latentsShareWhy', { share: percent(share) }),
    number: () => t('export.latentsNumberWhy'),
  }
  return { name: t('export.latents'), value, why: latents.keep === 'fidelity' ? why.fidelity(latents.share) : why[latents.keep]() }
}

/** Says that the run of an exported model has continued. */
export const outdatedWords = ({ step, newest_step }: Outdated): string =>
  t('export.outdated', { step: count(step), newest: count(newest_step) })

/** A ready-made set of options. */
export interface Quick {
  key: 'stage' | 'all' | 'whole' | 'live'
  streaming: boolean
  latents: Latents
}

const ALL: Latents = { keep: 'all' }

/** Ready-made options for a target, the usual one first. */
export function quickFor(to: Target): Quick[] {
  if (to === 'torchscript')
    return [
      { key: 'all', streaming: true, latents: ALL },
      { key: 'stage', streaming: true, latents: { keep: 'fidelity', share: 0.95 } },
    ]
  if (to !== 'onnx') return []
  return [
    { key: 'whole', streaming: false, latents: ALL },
    { key: 'live', streaming: true, latents: ALL },
  ]
}
