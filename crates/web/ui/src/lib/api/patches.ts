// Requests about patches: points, movements, instruments and recipes that people keep.

import { answer, at, client, type Signal, until } from './request'
import type { NewPatch, PatchChange, PatchKind } from './types'

/** Patches, newest first; all of them, or only those of a model or a kind. */
export const patches = (of: { model?: string; kind?: PatchKind } = {}, signal?: Signal) =>
  answer(client.GET('/api/patches', { params: { query: of }, ...until(signal) }))
export const patch = (id: string, signal?: Signal) => answer(client.GET('/api/patches/{id}', { ...at(id), ...until(signal) }))
export const savePatch = (body: NewPatch) => answer(client.POST('/api/patches', { body }))
export const changePatch = (id: string, body: PatchChange) => answer(client.PATCH('/api/patches/{id}', { ...at(id), body }))
export const deletePatch = (id: string) => answer(client.DELETE('/api/patches/{id}', at(id)))
export const restorePatch = (id: string) => answer(client.POST('/api/patches/{id}/restore', at(id)))
