// Requests about reconstructions.

import { answer, at, client, filePath, path, sendFile, type Signal, until } from './request'
import type { Reconstruction } from './types'

export const reconstructFile = (model: string, file: File, onShare: (share: number) => void, signal?: Signal) => {
  const to = `${path('models', model, 'reconstructions')}?name=${encodeURIComponent(file.name)}`
  return sendFile<Reconstruction>('POST', to, file, onShare, signal)
}
export const reconstructSound = (model: string, dataset: string, idx: number) =>
  answer(client.POST('/api/models/{id}/reconstructions/from-dataset', { ...at(model), body: { dataset, idx } }))
export const reconstruction = (id: string, signal?: Signal) =>
  answer(client.GET('/api/reconstructions/{id}', { ...at(id), ...until(signal) }))
export const deleteReconstruction = (id: string) => answer(client.DELETE('/api/reconstructions/{id}', at(id)))
export const restoreReconstruction = (id: string) => answer(client.POST('/api/reconstructions/{id}/restore', at(id)))
export const reconstructionFileUrl = (id: string, file: string) => filePath('reconstructions', id, file)
