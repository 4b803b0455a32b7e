// Verbs on jobs of every kind.

import { answer, at, client, filePath, type Signal, until } from './request'

export const jobs = (signal?: Signal) => answer(client.GET('/api/jobs', until(signal)))
/** Every kind of job, and what can be asked of jobs of it. */
export const kinds = (signal?: Signal) => answer(client.GET('/api/kinds', until(signal)))
/** Every job, also those that have ended, newest first. */
export const allJobs = (signal?: Signal) =>
  answer(client.GET('/api/jobs', { params: { query: { all: true } }, ...until(signal) }))
export const job = (id: string, signal?: Signal) => answer(client.GET('/api/jobs/{id}', { ...at(id), ...until(signal) }))
/** Ends it; what it has made so far is kept or goes with it, as its kind has it. */
export const cancelJob = (id: string) => answer(client.POST('/api/jobs/{id}/cancel', at(id)))
export const restartJob = (id: string) => answer(client.POST('/api/jobs/{id}/restart', at(id)))
/** Into the trash where its kind has that, else for good. */
export const deleteJob = (id: string) => answer(client.DELETE('/api/jobs/{id}', at(id)))
export const restoreJob = (id: string) => answer(client.POST('/api/jobs/{id}/restore', at(id)))
export const jobLog = (id: string, signal?: Signal) =>
  answer(client.GET('/api/jobs/{id}/log', { ...at(id), ...until(signal) }))
export const jobFiles = (id: string, signal?: Signal) =>
  answer(client.GET('/api/jobs/{id}/files', { ...at(id), ...until(signal) }))
export const jobFileUrl = (id: string, file: string) => filePath('jobs', id, file)
/** Puts a job aside that has ended, until it is queued again. */
export const dismissJob = (id: string) => answer(client.POST('/api/jobs/{id}/dismiss', at(id)))
