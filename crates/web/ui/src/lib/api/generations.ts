// Requests about sounds made from recipes.

import { answer, at, client, filePath, type Signal, until } from './request'
import type { NewGeneration } from './types'

/** Generations, newest first; recipes of long trajectories have no frames here. */
export const generations = (signal?: Signal) => answer(client.GET('/api/generations', until(signal)))
export const generation = (id: string, signal?: Signal) =>
  answer(client.GET('/api/generations/{id}', { ...at(id), ...until(signal) }))
export const createGeneration = (body: NewGeneration) => answer(client.POST('/api/generations', { body }))
export const renameGeneration = (id: string, name: string) =>
  answer(client.PATCH('/api/generations/{id}', { ...at(id), body: { name } }))
/** Moves a generation to the trash; cancels it if it is in progress. */
export const deleteGeneration = (id: string) => answer(client.DELETE('/api/generations/{id}', at(id)))
/** Deletes one past the trash. */
export const discardGeneration = (id: string) =>
  answer(client.DELETE('/api/generations/{id}', { params: { path: { id }, query: { forever: true } } }))
export const restoreGeneration = (id: string) => answer(client.POST('/api/generations/{id}/restore', at(id)))
/** Opens its folder in the file manager of the studio's computer. */
export const openGeneration = (id: string) => answer(client.POST('/api/generations/{id}/open', at(id)))
/** The sounds made so far, in order: at most `limit` after number `after`. */
export const generatedSounds = (id: string, after = 0, limit = 100, signal?: Signal) =>
  answer(
    client.GET('/api/generations/{id}/sounds', { params: { path: { id }, query: { after, limit } }, ...until(signal) }),
  )
/** One of them, with its whole recipe. */
export const generatedSound = (id: string, number: number, signal?: Signal) =>
  answer(client.GET('/api/generations/{id}/sounds/{number}', { params: { path: { id, number } }, ...until(signal) }))
/** Throws one of them away for good. */
export const discardGenerated = (id: string, number: number) =>
  answer(client.DELETE('/api/generations/{id}/sounds/{number}', { params: { path: { id, number } } }))
export const generatedPeaks = (id: string, number: number, signal?: Signal) =>
  answer(
    client.GET('/api/generations/{id}/sounds/{number}/peaks', { params: { path: { id, number } }, ...until(signal) }),
  )
/** A file of a generation, like `${sound.path}/sound.wav`. */
export const generationFileUrl = (id: string, file: string) => filePath('generations', id, file)
