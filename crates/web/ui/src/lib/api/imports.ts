// Verbs on imports: what is taken from elsewhere.

import { answer, at, client, type Signal, until } from './request'
import type { ImportTask } from './types'

/** Takes a folder of our own, of another workspace, at once. */
export const importFolder = (from: string) => answer(client.POST('/api/imports', { body: { path: from } }))
/** What another program left in a folder or a file, and what would become of it. */
export const inspectImport = (from: string, signal?: Signal) =>
  answer(client.POST('/api/imports/inspect', { body: { path: from }, ...until(signal) }))
export const createImport = (body: ImportTask) => answer(client.POST('/api/imports/foreign', { body }))
/** Imports that nobody took yet, newest first. */
export const imports = (signal?: Signal) => answer(client.GET('/api/imports', until(signal)))
export const foreignImport = (id: string, signal?: Signal) =>
  answer(client.GET('/api/imports/{id}', { ...at(id), ...until(signal) }))
export const deleteImport = (id: string) => answer(client.DELETE('/api/imports/{id}', at(id)))
/** Puts what an import made into the library; the import is gone then. */
export const takeImport = (id: string) => answer(client.POST('/api/imports/{id}/take', at(id)))
