// Requests about changes: what is done to sounds of the library, and keeping what comes out.

import { answer, at, client, filePath, type Signal, until } from './request'
import type { KeepChanged, NewChange } from './types'

/** Changes sounds; they stay as they are. */
export const createChange = (body: NewChange) => answer(client.POST('/api/changes', { body }))
export const changeJob = (id: string, signal?: Signal) => answer(client.GET('/api/changes/{id}', { ...at(id), ...until(signal) }))
export const deleteChange = (id: string) => answer(client.DELETE('/api/changes/{id}', at(id)))
/** Takes a sound that a change made into the library. */
export const keepChanged = (id: string, body: KeepChanged) => answer(client.POST('/api/changes/{id}/keep', { ...at(id), body }))
/** Where a file that a change made is. */
export const changedFileUrl = (id: string, file: string): string => filePath('changes', id, file)
