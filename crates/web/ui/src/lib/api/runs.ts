// Requests about runs.

import { answer, at, client, filePath, type Signal, until } from './request'
import type { Continue, Control, Limit, NewRun } from './types'

export const runs = (signal?: Signal) => answer(client.GET('/api/runs', until(signal)))
export const run = (id: string, signal?: Signal) => answer(client.GET('/api/runs/{id}', { ...at(id), ...until(signal) }))
/** The forecast of a run before it starts; throws the problem with its settings. */
export const checkRun = (body: NewRun, signal?: Signal) =>
  answer(client.POST('/api/runs/check', { body, ...until(signal) }))
export const createRun = (body: NewRun) => answer(client.POST('/api/runs', { body }))
export const stopRun = (id: string) => answer(client.POST('/api/runs/{id}/stop', at(id)))
export const resumeRun = (id: string, limit?: Limit) =>
  answer(client.POST('/api/runs/{id}/resume', { ...at(id), body: limit ? { limit } : {} }))
/** Queues another run that goes on from the newest checkpoint of this one. */
export const continueRun = (id: string, body: Continue) => answer(client.POST('/api/runs/{id}/continue', { ...at(id), body }))
export const controlRun = (id: string, body: Control) =>
  answer(client.POST('/api/runs/{id}/control', { ...at(id), body }))
export const renameRun = (id: string, name: string) =>
  answer(client.PATCH('/api/runs/{id}', { ...at(id), body: { name } }))
export const deleteRun = (id: string) => answer(client.DELETE('/api/runs/{id}', at(id)))
export const restoreRun = (id: string) => answer(client.POST('/api/runs/{id}/restore', at(id)))
/** Curves of the named metrics (all if none are named), thinned to about `points` each. */
export const curves = (id: string, names: string[], points: number, signal?: Signal) => {
  const query = names.length > 0 ? { points, names: names.join(',') } : { points }
  return answer(client.GET('/api/runs/{id}/curves', { params: { path: { id }, query }, ...until(signal) }))
}
export const events = (id: string, after: number, limit: number, signal?: Signal) =>
  answer(client.GET('/api/runs/{id}/events', { params: { path: { id }, query: { after, limit } }, ...until(signal) }))
export const runLog = (id: string, bytes: number, signal?: Signal) =>
  answer(client.GET('/api/runs/{id}/log', { params: { path: { id }, query: { bytes } }, ...until(signal) }))
export const runFileUrl = (id: string, file: string) => filePath('runs', id, file)
