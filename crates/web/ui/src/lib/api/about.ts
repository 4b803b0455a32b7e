// Requests about the studio itself and the computer.

import { answer, client, type Signal, until } from './request'
import type { FileKind, FolderListing } from './types'

export const health = (signal?: Signal) => answer(client.GET('/api/health', until(signal)))
export const machine = (signal?: Signal) => answer(client.GET('/api/machine', until(signal)))
export const doctor = (signal?: Signal) => answer(client.GET('/api/doctor', until(signal)))
export const families = (signal?: Signal) => answer(client.GET('/api/families', until(signal)))
/** A folder on this computer, with its files of one kind; without a path, the home folder. */
export const folders = (from: string | undefined, files: FileKind, signal?: Signal): Promise<FolderListing> =>
  answer(client.GET('/api/folders', { params: { query: { ...(from === undefined ? {} : { path: from }), files } }, ...until(signal) }))
