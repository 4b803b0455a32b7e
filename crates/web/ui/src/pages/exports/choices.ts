// The choices for an export: kept in the address while choosing, in the task once sent.

import type { CardWords, ExportForm, ExportTask, ModelPlace } from '$lib/api'

/** Where it will be played, identified by the form of export that takes. */
export type Target = ExportForm['to']
export const TARGETS: readonly Target[] = ['torchscript', 'onnx', 'maq', 'safetensors', 'ckpt']

/** Which latents are exposed. */
export type Latents = { keep: 'all' } | { keep: 'fidelity'; share: number } | { keep: 'number'; n: number }

export interface Choices {
  /** Undefined while there is no model to choose. */
  model: ModelPlace | undefined
  to: Target
  /** A prior that leaves with it, where the form can hold one. */
  prior: string | undefined
  streaming: boolean
  latents: Latents
  /** The model's, if undefined. */
  channels: number | undefined
  /** The model's, if undefined. */
  rateHz: number | undefined
  block: number
  card: Required<CardWords>
}

export const USUAL_BLOCK = 2048

/** Whether an export of this form plays sound, and so has playback options. */
export const plays = (to: Target): to is 'torchscript' | 'onnx' => to === 'torchscript' || to === 'onnx'

/** Whether an export of this form can hold a prior beside its model. */
export const holdsPrior = (to: Target): boolean => to === 'torchscript' || to === 'maq'

/** nn~ plays block by block; code mostly has the whole sound available. */
export const usuallyStreams = (to: Target): boolean => to === 'torchscript'

export function choicesFrom(query: URLSearchParams): Choices {
  const to = TARGETS.find((one) => one === query.get('to')) ?? 'torchscript'
  const [id, path] = [query.get('model'), query.get('file')]
  const streaming = query.get('streaming')
  return {
    model: path ? { from: 'file', path } : id ? { from: 'library', id } : undefined,
    to,
    prior: query.get('prior') ?? undefined,
    streaming: streaming === null ? usuallyStreams(to) : streaming === 'on',
    latents: latentsFrom(query),
    channels: positive(query.get('channels')),
    rateHz: positive(query.get('rate_hz')),
    block: positive(query.get('block')) ?? USUAL_BLOCK,
    card: { author: query.get('author') ?? '', license: query.get('license') ?? '', about: query.get('about') ?? '' },
  }
}

/** The query parameters for these choices; null for those at their usual values. */
export function queryOf({ model, to, prior, streaming, latents, channels, rateHz, block, card }: Choices): Record<string, string | null> {
  return {
    model: model?.from === 'library' ? model.id : null,
    file: model?.from === 'file' ? model.path : null,
    to,
    prior: prior ?? null,
    streaming: streaming === usuallyStreams(to) ? null : streaming ? 'on' : 'off',
    fidelity: latents.keep === 'fidelity' ? String(latents.share) : null,
    // An incomplete number is kept as empty, so that the choice stands until it is complete.
    latents: latents.keep === 'number' ? (Number.isNaN(latents.n) ? '' : String(latents.n)) : null,
    channels: channels === undefined ? null : String(channels),
    rate_hz: rateHz === undefined ? null : String(rateHz),
    block: block === USUAL_BLOCK ? null : String(block),
    author: card.author || null,
    license: card.license || null,
    about: card.about || null,
  }
}

/** The request to the studio; undefined while there is no model. */
export function taskOf(choices: Choices): ExportTask | undefined {
  const { model, to, prior } = choices
  const leaves = prior !== undefined && holdsPrior(to)
  return model && { model, form: formOf(choices), ...(leaves ? { prior: { from: 'library' as const, id: prior } } : {}) }
}

function formOf({ to, streaming, latents, channels, rateHz, block, card }: Choices): ExportForm {
  if (plays(to)) {
    const kept = {
      latents: latents.keep === 'number' ? latents.n : null,
      fidelity: latents.keep === 'fidelity' ? latents.share : null,
    }
    return { to, play: { streaming, ...kept, channels: channels ?? null, rate_hz: rateHz ?? null, block } }
  }
  if (to !== 'maq') return { to }
  return { to, card: { author: card.author.trim(), license: card.license.trim(), about: card.about.trim() } }
}

/** The choices that a task was made from. */
export function choicesOf({ model, form, prior }: ExportTask): Choices {
  const card = { author: '', license: '', about: '', ...('card' in form ? form.card : {}) }
  const play = 'play' in form ? form.play : undefined
  return {
    model,
    to: form.to,
    prior: prior?.from === 'library' ? prior.id : undefined,
    streaming: play?.streaming ?? usuallyStreams(form.to),
    latents: keptBy(play),
    channels: play?.channels ?? undefined,
    rateHz: play?.rate_hz ?? undefined,
    block: play?.block ?? USUAL_BLOCK,
    card,
  }
}

/** The wizard with the choices of this task. */
export function wizardHref(task: ExportTask): string {
  const said = Object.entries(queryOf(choicesOf(task))).filter((entry): entry is [string, string] => entry[1] !== null)
  return `/export?${new URLSearchParams(said)}`
}

function keptBy(play: { latents?: number | null; fidelity?: number | null } | undefined): Latents {
  if (play?.latents) return { keep: 'number', n: play.latents }
  return play?.fidelity ? { keep: 'fidelity', share: play.fidelity } : { keep: 'all' }
}

function latentsFrom(query: URLSearchParams): Latents {
  const [n, share] = [query.get('latents'), Number(query.get('fidelity'))]
  if (n !== null) return { keep: 'number', n: positive(n) ?? Number.NaN }
  return share > 0 && share <= 1 ? { keep: 'fidelity', share } : { keep: 'all' }
}

/** A whole number above zero. */
function positive(text: string | null): number | undefined {
  const n = Number(text)
  return Number.isSafeInteger(n) && n > 0 ? n : undefined
}
