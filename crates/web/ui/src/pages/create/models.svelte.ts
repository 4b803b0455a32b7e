// The models that sounds can be made with.

import { model as askForModel, models as askForModels, type Model, type ModelDetail } from '$lib/api'
import { withNamed } from '$lib/named'
import { changes, type Resource, resource } from '$lib/resource.svelte'

import { modelPart } from '../../families'

/** Whether a model has sounds go in and come out. */
export const isCodec = (model: Pick<Model, 'family' | 'linked'>): boolean => modelPart(model).hearsSounds

/** Models that sounds can be made with; also the one that an address names, in whatever project. */
export const codecModels = (named: () => string | null = () => null): Resource<Model[]> =>
  resource(async (signal) => {
    const id = named()
    const all = await askForModels(signal)
    return (await withNamed<Model>(all, id, (one) => askForModel(one, signal))).filter(isCodec)
  }, changes('models'))

/** How many directions its latents have; 0 if that is not known. */
export const directionsOf = (model: Pick<ModelDetail, 'facts'> | undefined): number => model?.facts?.codec?.latent_size ?? 0
