// Requests about the library of sounds.

import { answer, at, client, filePath, type Signal, until } from './request'
import type { NewSound, SoundChange } from './types'

interface Listed {
  favourite?: boolean
  model?: string
  text?: string
  limit?: number
}

/** Sounds, newest first; all of them, or only favourites, those of a model, or those with a text in their words. */
export const sounds = (signal?: Signal, of: Listed = {}) => answer(client.GET('/api/sounds', { params: { query: of }, ...until(signal) }))
export const sound = (id: string, signal?: Signal) => answer(client.GET('/api/sounds/{id}', { ...at(id), ...until(signal) }))
/** Keeps a sound of a generation or a session. */
export const keepSound = (body: NewSound) => answer(client.POST('/api/sounds', { body }))
export const changeSound = (id: string, body: SoundChange) => answer(client.PATCH('/api/sounds/{id}', { ...at(id), body }))
export const deleteSound = (id: string) => answer(client.DELETE('/api/sounds/{id}', at(id)))
export const restoreSound = (id: string) => answer(client.POST('/api/sounds/{id}/restore', at(id)))
/** Opens its folder in the file manager of the studio's computer. */
export const openSound = (id: string) => answer(client.POST('/api/sounds/{id}/open', at(id)))
export const soundPeaks = (id: string, signal?: Signal) =>
  answer(client.GET('/api/sounds/{id}/peaks', { ...at(id), ...until(signal) }))
/** How it was made, ready to be made again. */
export const soundRecipe = (id: string, signal?: Signal) =>
  answer(client.GET('/api/sounds/{id}/recipe', { ...at(id), ...until(signal) }))
/** A file of its folder, like `sound.wav`. */
export const soundFileUrl = (id: string, file = 'sound.wav') => filePath('sounds', id, file)
