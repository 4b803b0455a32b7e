// Requests about jobs of every kind.

import { answer, at, client, filePath, type Signal, until } from './request'

export const jobs = (signal?: Signal) => answer(client.GET('/api/jobs', until(signal)))
/** All kinds of job, with the actions each supports. */
export const kinds = (signal?: Signal) => answer(client.GET('/api/kinds', until(signal)))
/** All jobs, including ended ones, newest first. */
export const allJobs = (signal?: Signal) =>
  answer(client.GET('/api/jobs', { params: { query: { all: true } }, ...until(signal) }))
export const job = (id: string, signal?: Signal) => answer(client.GET('/api/jobs/{id}', { ...at(id), ...until(signal) }))
/** Cancels a job; whether its results so far are kept depends on its kind. */
export const cancelJob = (id: string) => answer(client.POST('/api/jobs/{id}/cancel', at(id)))
export const restartJob = (id: string) => answer(client.POST('/api/jobs/{id}/restart', at(id)))
/** Moves it to the trash if its kind supports that, else deletes it permanently. */
export const deleteJob = (id: string) => answer(client.DELETE('/api/jobs/{id}', at(id)))
export const restoreJob = (id: string) => answer(client.POST('/api/jobs/{id}/restore', at(id)))
export const jobLog = (id: string, signal?: Signal) =>
  answer(client.GET('/api/jobs/{id}/log', { ...at(id), ...until(signal) }))
export const jobFiles = (id: string, signal?: Signal) =>
  answer(client.GET('/api/jobs/{id}/files', { ...at(id), ...until(signal) }))
export const jobFileUrl = (id: string, file: string) => filePath('jobs', id, file)
/** Dismisses an ended job until it is queued again. */
export const dismissJob = (id: string) => answer(client.POST('/api/jobs/{id}/dismiss', at(id)))
