// Requests about the user's presets and about composing settings.

import { answer, at, client, path, type Signal, until } from './request'
import type { NewComposition, NewPreset, PresetFile } from './types'

export const compose = (body: NewComposition, signal?: Signal) =>
  answer(client.POST('/api/compositions', { body, ...until(signal) }))
export const presets = (signal?: Signal) => answer(client.GET('/api/presets', until(signal)))
export const savePreset = (body: NewPreset) => answer(client.POST('/api/presets', { body }))
/** Saves a preset from a file; the studio checks whether it is one. */
export const importPreset = (body: unknown) => answer(client.POST('/api/presets/import', { body: body as PresetFile }))
export const renamePreset = (id: string, name: string) =>
  answer(client.PATCH('/api/presets/{id}', { ...at(id), body: { name } }))
export const deletePreset = (id: string) => answer(client.DELETE('/api/presets/{id}', at(id)))
export const restorePreset = (id: string) => answer(client.POST('/api/presets/{id}/restore', at(id)))
export const presetFileUrl = (id: string) => path('presets', id, 'file')
