// Requests about exports.

import { answer, at, client, filePath, type Signal, until } from './request'
import type { ExportTask } from './types'

export const exports = (signal?: Signal) => answer(client.GET('/api/exports', until(signal)))
export const exported = (id: string, signal?: Signal) =>
  answer(client.GET('/api/exports/{id}', { ...at(id), ...until(signal) }))
export const createExport = (body: ExportTask) => answer(client.POST('/api/exports', { body }))
/** Moves an export to the trash; cancels it if it is in progress. */
export const deleteExport = (id: string) => answer(client.DELETE('/api/exports/{id}', at(id)))
export const restoreExport = (id: string) => answer(client.POST('/api/exports/{id}/restore', at(id)))
/** Opens its folder in the file manager of the studio's computer. */
export const openExport = (id: string) => answer(client.POST('/api/exports/{id}/open', at(id)))
export const exportFileUrl = (id: string, file: string) => filePath('exports', id, file)
