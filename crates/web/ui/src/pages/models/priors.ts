// Priors and adapters, and the models that they go with.

import type { Model } from '$lib/api'

import { PRIOR } from '../../families/prior'

export const isPrior = ({ family }: Pick<Model, 'family'>): boolean => family === PRIOR

/** The model whose latents a prior has learnt, if it is in the library. */
export const codecOf = (prior: Model): string | undefined => prior.prior_of?.model ?? undefined

/** The priors of a model: those that have learnt the latents of these very weights. */
export const priorsOf = (all: readonly Model[], model: Pick<Model, 'sha256'> | undefined): Model[] =>
  all.filter((one) => isPrior(one) && one.prior_of?.sha256 !== undefined && one.prior_of.sha256 === model?.sha256)

/** Adapters that can be added to a model's weights: its own, and those that do not say whose they are. */
export function adaptersOf(all: readonly Model[], model: Pick<Model, 'sha256'> | undefined): Model[] {
  const isOf = (sha256: string | undefined) => all.filter((one) => one.adapter_of && (one.adapter_of.sha256 ?? '') === sha256)
  return model ? [...isOf(model.sha256), ...isOf('')] : []
}

/** The page that makes sounds with a model; a prior makes them with its own, and an adapter with the one that it is added to. */
export function generateHref(model: Model): string {
  if (model.adapter_of) {
    const of = model.adapter_of.model
    return `/create/words?${new URLSearchParams({ ...(of ? { model: of } : {}), adapter: model.id })}`
  }
  const [codec, prior] = isPrior(model) ? [codecOf(model), model.id] : [model.id, undefined]
  const query = new URLSearchParams({ ...(codec ? { model: codec } : {}), ...(prior ? { prior } : {}) })
  return `/create/generate?${query}`
}
