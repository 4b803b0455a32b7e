// Requests about the library: folders of sounds, the sounds, and what was found in them.

import { answer, at, client, path, type Signal, until } from './request'
import type { AnalysisEdit, LibraryItemChange, NewAnalysis, NewLibraryFolder } from './types'

/** The forms in which what was found is written for other programs. */
export type AnnotationForm = 'json' | 'csv' | 'jams' | 'audacity' | 'sonic_visualiser' | 'sonic_visualiser_notes' | 'midi'

interface Asked {
  q?: string
  sort?: string
  offset?: number
  limit?: number
  /** Only these sounds, with commas between them. */
  ids?: string
}

export const libraryFolders = (signal?: Signal) => answer(client.GET('/api/library/folders', until(signal)))
/** Watches a folder or a file of this computer, or keeps what was dropped; its sounds are analysed. */
export const addLibraryFolder = (body: NewLibraryFolder) => answer(client.POST('/api/library/folders', { body }))
export const renameLibraryFolder = (id: string, name: string) =>
  answer(client.PATCH('/api/library/folders/{id}', { ...at(id), body: { name } }))
export const deleteLibraryFolder = (id: string) => answer(client.DELETE('/api/library/folders/{id}', at(id)))
export const restoreLibraryFolder = (id: string) => answer(client.POST('/api/library/folders/{id}/restore', at(id)))
/** Looks through all folders for what is new, has changed or is gone. */
export const scanLibrary = () => answer(client.POST('/api/library/scan'))
/** Analyses some sounds, or whatever is not analysed; `null` if there is nothing to do. */
export const analyse = (body: NewAnalysis) => answer(client.POST('/api/library/analyses', { body }))

/** Sounds that pass a search, and how many there are. */
export const libraryItems = (of: Asked, signal?: Signal) =>
  answer(client.GET('/api/library/items', { params: { query: of }, ...until(signal) }))
/** Tags, collections, keys and formats, and how many sounds have each. */
export const libraryWords = (signal?: Signal) => answer(client.GET('/api/library/words', until(signal)))
export const libraryItem = (id: string, signal?: Signal) =>
  answer(client.GET('/api/library/items/{id}', { ...at(id), ...until(signal) }))
export const changeLibraryItem = (id: string, body: LibraryItemChange) =>
  answer(client.PATCH('/api/library/items/{id}', { ...at(id), body }))
export const removeLibraryItem = (id: string) => answer(client.DELETE('/api/library/items/{id}', at(id)))
export const restoreLibraryItem = (id: string) => answer(client.POST('/api/library/items/{id}/restore', at(id)))
/** Corrects what was found, in place of earlier corrections. */
export const editLibraryItem = (id: string, body: AnalysisEdit) =>
  answer(client.PUT('/api/library/items/{id}/edit', { ...at(id), body }))
/** Takes all corrections back. */
export const resetLibraryItem = (id: string) => answer(client.DELETE('/api/library/items/{id}/edit', at(id)))
/** Opens the folder of its file in the file manager of the studio's computer. */
export const openLibraryItem = (id: string) => answer(client.POST('/api/library/items/{id}/open', at(id)))
export const libraryPeaks = (id: string, pairs?: number, signal?: Signal) =>
  answer(client.GET('/api/library/items/{id}/peaks', { params: { path: { id }, query: pairs ? { pairs } : {} }, ...until(signal) }))

/** The address of a sound's file. */
export const libraryFileUrl = (id: string) => path('library', 'items', id, 'file')
/** The address of what was found in it, as a file for other programs. */
export const annotationsUrl = (id: string, form: AnnotationForm) => `${path('library', 'items', id, 'annotations')}?form=${form}`
