// Priors and the models whose latents they have learnt.

import type { Model } from '$lib/api'

import { PRIOR } from '../../families/prior'

export const isPrior = ({ family }: Pick<Model, 'family'>): boolean => family === PRIOR

/** The model whose latents a prior has learnt, if it is in the library. */
export const codecOf = (prior: Model): string | undefined => prior.prior_of?.model ?? undefined

/** The priors of a model: those that have learnt the latents of these very weights. */
export const priorsOf = (all: readonly Model[], model: Pick<Model, 'sha256'> | undefined): Model[] =>
  all.filter((one) => isPrior(one) && one.prior_of?.sha256 !== undefined && one.prior_of.sha256 === model?.sha256)

/** The page that makes sounds with a model; a prior makes them with its own. */
export function generateHref(model: Model): string {
  const [codec, prior] = isPrior(model) ? [codecOf(model), model.id] : [model.id, undefined]
  const query = new URLSearchParams({ ...(codec ? { model: codec } : {}), ...(prior ? { prior } : {}) })
  return `/create/generate?${query}`
}
