// Requests about maps of what models know.

import { problemFrom, unreachable } from './problem'
import { answer, at, client, filePath, type Signal, until } from './request'

/** The newest map of a model, if it has one. */
export const mapOf = (model: string, signal?: Signal) => answer(client.GET('/api/models/{id}/map', { ...at(model), ...until(signal) }))
/** Draws a map of the dataset that a model learnt from, or of another; the existing one where there is one. */
export const createMap = (model: string, dataset: string | null = null) => answer(client.POST('/api/maps', { body: { model, dataset } }))
export const map = (id: string, signal?: Signal) => answer(client.GET('/api/maps/{id}', { ...at(id), ...until(signal) }))

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
