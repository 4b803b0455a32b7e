// Requests about models in the library.

import { answer, at, client, type Signal, until } from './request'
import type { NewModel } from './types'

export const models = (signal?: Signal) => answer(client.GET('/api/models', until(signal)))
export const model = (id: string, signal?: Signal) =>
  answer(client.GET('/api/models/{id}', { ...at(id), ...until(signal) }))
export const addModel = (body: NewModel) => answer(client.POST('/api/models', { body }))
export const renameModel = (id: string, name: string) =>
  answer(client.PATCH('/api/models/{id}', { ...at(id), body: { name } }))
export const deleteModel = (id: string) => answer(client.DELETE('/api/models/{id}', at(id)))
export const restoreModel = (id: string) => answer(client.POST('/api/models/{id}/restore', at(id)))
