// Requests about patches: points, movements, instruments and recipes that people keep.

import { answer, client, type Signal, until } from './request'
import type { NewPatch, Patch, PatchKind } from '../../pages/session/words'

const at = (id: string) => ({ params: { path: { id } } })
export const patches = (of: { model?: string; kind?: PatchKind }, signal?: Signal): Promise<Patch[]> =>
  answer(client.GET('/api/patches' as never, { params: { query: of }, ...until(signal) } as never) as never)
export const savePatch = (body: NewPatch): Promise<Patch> => answer(client.POST('/api/patches' as never, { body } as never) as never)
export const changePatch = (id: string, body: { name?: string; body?: unknown }): Promise<Patch> =>
  answer(client.PATCH('/api/patches/{id}' as never, { ...at(id), body } as never) as never)
export const deletePatch = (id: string): Promise<undefined> => answer(client.DELETE('/api/patches/{id}' as never, at(id) as never) as never)
export const restorePatch = (id: string): Promise<Patch> => answer(client.POST('/api/patches/{id}/restore' as never, at(id) as never) as never)
