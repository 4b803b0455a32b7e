// Requests about weights of other people's models, in folders as a model hub has them.

import { answer, at, client, type Signal, until } from './request'
import type { NewWeights, WordsForecastOf } from './types'

/** What is in a folder of weights; reads no weights. */
export const checkWeights = (folder: string) => answer(client.POST('/api/weights/check', { body: { folder } }))
/** How much time and memory a sound from words would take on this computer; reads no weights. */
export const forecastWords = (body: WordsForecastOf, signal?: Signal) => answer(client.POST('/api/weights/forecast', { body, ...until(signal) }))
/** Puts a folder of weights into the library as a model; its files stay where they are. */
export const addWeights = (body: NewWeights) => answer(client.POST('/api/weights', { body }))
/** Says that the terms of a model's licence were read and are accepted. */
export const acceptLicence = (id: string) => answer(client.POST('/api/models/{id}/accept-licence', at(id)))
