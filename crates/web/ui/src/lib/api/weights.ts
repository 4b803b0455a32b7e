// Requests about weights of other people's models, in folders as a model hub has them.

import { answer, at, client } from './request'
import type { NewWeights } from './types'

/** What is in a folder of weights; reads no weights. */
export const checkWeights = (folder: string) => answer(client.POST('/api/weights/check', { body: { folder } }))
/** Puts a folder of weights into the library as a model; its files stay where they are. */
export const addWeights = (body: NewWeights) => answer(client.POST('/api/weights', { body }))
/** Says that the terms of a model's licence were read and are accepted. */
export const acceptLicence = (id: string) => answer(client.POST('/api/models/{id}/accept-licence', at(id)))
