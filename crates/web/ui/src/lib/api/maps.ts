// Requests about maps of what models know.

import { answer, client, filePath, path, until, type Signal } from './request'
import { problemFrom, unreachable } from './problem'
import type { MapJob } from '../../pages/session/words'

/** The newest map of a model, if it has one. */
export const mapOf = (model: string, signal?: Signal): Promise<MapJob | null> =>
  answer(client.GET('/api/models/{id}/map' as never, { params: { path: { id: model } }, ...until(signal) } as never) as never)
export const createMap = (model: string): Promise<MapJob> => answer(client.POST('/api/maps' as never, { body: { model } } as never) as never)

/** A table of a map: little-endian 32-bit floats, row after row. */
export async function mapTable(id: string, file: 'points' | 'coordinates' | 'embedding', signal?: AbortSignal): Promise<Float32Array> {
  const response = await globalThis.fetch(filePath('maps', id, `${file}.bin`), { signal: signal ?? null }).catch((thrown: unknown) => {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown
    throw unreachable()
  })
  if (!response.ok) throw problemFrom(undefined, response.status)
  const bytes = await response.arrayBuffer()
  return new Float32Array(bytes, 0, Math.floor(bytes.byteLength / 4))
}
export const mapPath = (id: string) => path('maps', id)
