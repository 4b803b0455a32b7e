// The request for similar sounds; apart, as one page alone asks it.

import { answer, client, type Signal, until } from './request'

/** The sounds that are most similar to one, with how similar they are. */
export const similarLibraryItems = (id: string, limit: number, signal?: Signal) =>
  answer(client.GET('/api/library/items/{id}/similar', { params: { path: { id }, query: { limit } }, ...until(signal) }))
