// Requests about imports from elsewhere.

import { answer, at, client, type Signal, until } from './request'
import type { ImportTask } from './types'

/** Copies a folder of another Maquette workspace at once. */
export const importFolder = (from: string) => answer(client.POST('/api/imports', { body: { path: from } }))
/** Inspects a folder or file of another program, and what it would become. */
export const inspectImport = (from: string, signal?: Signal) =>
  answer(client.POST('/api/imports/inspect', { body: { path: from }, ...until(signal) }))
export const createImport = (body: ImportTask) => answer(client.POST('/api/imports/foreign', { body }))
/** Imports that have not been added to the library yet, newest first. */
export const imports = (signal?: Signal) => answer(client.GET('/api/imports', until(signal)))
export const foreignImport = (id: string, signal?: Signal) =>
  answer(client.GET('/api/imports/{id}', { ...at(id), ...until(signal) }))
export const deleteImport = (id: string) => answer(client.DELETE('/api/imports/{id}', at(id)))
/** Adds the results of an import to the library, which removes the import. */
export const takeImport = (id: string) => answer(client.POST('/api/imports/{id}/take', at(id)))
