// What is known about the model to be exported, and what that allows.

import './en'

import type { Export, ModelDetail, ModelFacts } from '$lib/api'
import { t } from '$lib/i18n'

import { familyPart } from '../../families'
import { type Choices, type Latents, type Target, TARGETS } from './choices'

/** A model in the library, or a file of which only the path is known. */
export interface Source {
  name: string
  rateHz?: number
  facts?: ModelFacts
  /** Whether the original program of its family cannot run it. */
  isClosedToOriginal?: boolean
}

export function sourceOf({ name, family, rate_hz, facts, settings }: ModelDetail): Source {
  const isClosedToOriginal = familyPart(family).isClosedToOriginal((settings ?? {}) as Record<string, unknown>)
  const rateHz = rate_hz ?? facts?.codec?.rate_hz
  return { name, isClosedToOriginal, ...(rateHz ? { rateHz } : {}), ...(facts ? { facts } : {}) }
}

/** Without the extension, which names the format rather than the content. */
export const sourceOfFile = (path: string): Source => {
  const last = path.split(/[/\\]/).findLast(Boolean) ?? path
  return { name: last.replace(/(.)\.(ckpt|pt|ts|maq|safetensors)$/, '$1') }
}

/** Why all latents must be kept; undefined if fewer will do. For a file, only the studio can tell. */
export function whyAll({ rateHz, facts }: Source): string | undefined {
  if (rateHz === undefined) return undefined
  const kind = facts?.codec?.regularization
  if (kind && kind !== 'variational') return t('export.whyAllKind', { kind })
  return facts?.latent_use ? undefined : t('export.whyAllUnmeasured')
}

/** The targets it cannot be exported to, and why. */
export function closedTo({ facts, isClosedToOriginal }: Source): { targets: readonly Target[]; why: string } {
  const targets = facts ? TARGETS.filter((target) => !facts.exports.includes(target)) : []
  return { targets, why: t(isClosedToOriginal ? 'export.whyClosed' : 'export.whyClosedKind') }
}

/** Multiples of the model's sample rate that a player may use. */
export const RATE_TIMES: readonly number[] = [2, 3, 4]

/** Whether a stereo player can play each channel through it separately. */
export const canDouble = ({ facts }: Source): boolean => facts?.codec?.channels === 1

/** The choices adjusted to what this model supports. */
export function fitting(choices: Choices, source: Source): Choices {
  const { rateHz, facts } = source
  const isMultiple = rateHz !== undefined && choices.rateHz !== undefined && RATE_TIMES.includes(choices.rateHz / rateHz)
  const isOfFile = rateHz === undefined
  return {
    ...choices,
    to: closedTo(source).targets.includes(choices.to) ? 'maq' : choices.to,
    latents: whyAll(source) ? { keep: 'all' } : choices.latents,
    channels: isOfFile || (canDouble(source) && choices.channels !== facts?.codec?.channels) ? choices.channels : undefined,
    // Whole sounds are played at the model's rate.
    rateHz: choices.streaming && (isOfFile || isMultiple) ? choices.rateHz : undefined,
  }
}

/** How many latents a choice amounts to; undefined where only the studio can tell. */
export function nLatents(latents: Latents, { facts }: Source): number | undefined {
  if (latents.keep === 'number') return latents.n
  if (latents.keep === 'all') return facts?.codec?.latent_size
  return facts?.latent_use?.for_fidelity.find(({ share }) => Math.abs(share - latents.share) < 1e-9)?.n_latents
}

/** The error in a number of latents; the studio has the last word. */
export function wrongLatents(latents: Latents, { facts }: Source): string | undefined {
  if (latents.keep !== 'number') return undefined
  if (!Number.isInteger(latents.n) || latents.n < 1) return t('form.wholeNumber')
  const max = facts?.codec?.latent_size
  if (max !== undefined && latents.n > max) return t('form.between', { min: 1, max })
  return undefined
}

/** A model's name as a file name, as the studio writes it. */
export function stemOf(name: string): string {
  const plain = [...name].slice(0, 60).map((one) => (/[A-Za-z0-9-]/.test(one) ? one : '_'))
  return plain.join('').split('_').filter(Boolean).join('_') || 'model'
}

/** The name of the exported file, without its extension. */
export function madeStem({ result, task, model_name }: Export): string {
  const first = result?.files[0]?.path.split('/')
  // The files of a run are in a folder of that name.
  const name = task.form.to === 'ckpt' ? first?.[0] : first?.at(-1)?.replace(/(\.(encoder|decoder))?\.[a-z]+$/, '')
  return name ?? stemOf(model_name)
}
