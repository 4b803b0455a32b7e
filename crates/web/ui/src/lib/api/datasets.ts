// Requests about datasets.

import { answer, at, client, path, type Signal, until } from './request'
import type { NewDataset } from './types'

export const datasets = (signal?: Signal) => answer(client.GET('/api/datasets', until(signal)))
export const dataset = (id: string, signal?: Signal) =>
  answer(client.GET('/api/datasets/{id}', { ...at(id), ...until(signal) }))
export const createDataset = (body: NewDataset) => answer(client.POST('/api/datasets', { body }))
export const cancelDataset = (id: string) => answer(client.POST('/api/datasets/{id}/cancel', at(id)))
/** Prepares a dataset again that failed or was interrupted. */
export const restartDataset = (id: string) => answer(client.POST('/api/datasets/{id}/restart', at(id)))
export const renameDataset = (id: string, name: string) =>
  answer(client.PATCH('/api/datasets/{id}', { ...at(id), body: { name } }))
export const deleteDataset = (id: string) => answer(client.DELETE('/api/datasets/{id}', at(id)))
export const restoreDataset = (id: string) => answer(client.POST('/api/datasets/{id}/restore', at(id)))
export const datasetLog = (id: string, signal?: Signal) =>
  answer(client.GET('/api/datasets/{id}/log', { ...at(id), ...until(signal) }))
export const datasetPeaks = (id: string, idx: number, signal?: Signal) =>
  answer(client.GET('/api/datasets/{id}/files/{idx}/peaks', { params: { path: { id, idx } }, ...until(signal) }))
export const datasetAudioUrl = (id: string, idx: number) => path('datasets', id, 'files', idx, 'audio')
