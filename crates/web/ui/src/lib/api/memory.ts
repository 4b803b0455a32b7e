// Requests about the memory: the patterns of one's own sounds, what finds them, and what a person says of them.

import { problemFrom, unreachable } from './problem'
import { answer, at, client, path, sendFile, type Signal, until } from './request'
import type { FindPatterns, MemoryMoved, NewMemoryQuery, NewPatterns, PatternEdit, RatePattern, TakePatterns } from './types'

export const memory = (signal?: Signal) => answer(client.GET('/api/memory', until(signal)))
/** Patterns that fit some words, in order of their sounds and of time. */
export const patterns = (words: string, offset: number, limit: number, signal?: Signal) =>
  answer(client.GET('/api/memory/patterns', { params: { query: { words, offset, limit } }, ...until(signal) }))
/** Cuts sounds into patterns and remembers them. */
export const addPatterns = (body: NewPatterns) => answer(client.POST('/api/memory/patterns', { body }))
export const deletePatterns = (ids: string[]) => answer(client.POST('/api/memory/delete', { body: ids }))
export const findPatterns = (body: FindPatterns, signal?: Signal) => answer(client.POST('/api/memory/find', { body, ...until(signal) }))
/** Hears a sound, or reads words, so that patterns can be found by it. */
export const createMemoryQuery = (body: NewMemoryQuery) => answer(client.POST('/api/memory/queries', { body }))
export const memoryJob = (id: string, signal?: Signal) => answer(client.GET('/api/memory/jobs/{id}', { ...at(id), ...until(signal) }))
/** Jobs of the memory, also those that ended, newest first. */
export const memoryJobs = (signal?: Signal) => answer(client.GET('/api/jobs', { params: { query: { all: true, kind: 'memory' } }, ...until(signal) }))
export const patternMap = (space: string | undefined, signal?: Signal) =>
  answer(client.GET('/api/memory/map', { params: { query: space === undefined ? {} : { space } }, ...until(signal) }))
export const pattern = (id: string, signal?: Signal) => answer(client.GET('/api/memory/patterns/{id}', { ...at(id), ...until(signal) }))
/** Corrects a pattern. With new ends it has a new identifier. */
export const changePattern = (id: string, body: PatternEdit) => answer(client.PATCH('/api/memory/patterns/{id}', { ...at(id), body }))
export const ratePattern = (id: string, body: RatePattern) => answer(client.POST('/api/memory/patterns/{id}/ratings', { ...at(id), body }))
/** Takes back the newest rating of a pattern. */
export const withdrawRating = (id: string) => answer(client.DELETE('/api/memory/patterns/{id}/ratings', at(id)))
/** Forgets all ratings. */
export const forgetRatings = () => answer(client.DELETE('/api/memory/ratings'))
/** Puts back what `deletePatterns` or `forgetRatings` has taken out. */
export const restoreToMemory = (removed: number) => answer(client.POST('/api/memory/removed/{removed}', { params: { path: { removed } } }))
/** Writes patterns as one file, or as a folder of sounds. */
export const takePatterns = (body: TakePatterns) => answer(client.POST('/api/memory/take', { body }))
/** Takes the patterns of a library file into the memory. */
export const importPatterns = (file: Blob, onShare: (share: number) => void, signal?: AbortSignal) =>
  sendFile<MemoryMoved>('POST', '/api/memory/import', file, onShare, signal)
/** Makes vectors again that are damaged or missing. */
export const mendMemory = () => answer(client.POST('/api/memory/mend'))

/** Where a file that a job of the memory made is. */
export const memoryFileUrl = (id: string, file: string) => `${path('memory', 'jobs', id, 'files')}/${file.split('/').map(encodeURIComponent).join('/')}`
/** Where the sound is that a pattern is of. */
export const patternSoundUrl = (id: string) => path('memory', 'patterns', id, 'sound')

/** Whether a pattern's sound is the pattern alone, and not the whole sound that it is of; and how large its file is, if that is known. */
export async function aboutPatternSound(id: string): Promise<{ isAlone: boolean; bytes: number }> {
  // One byte is asked for: the answer's headers are what counts.
  const asked = await fetch(patternSoundUrl(id), { headers: { range: 'bytes=0-0' } }).catch(() => {
    throw unreachable()
  })
  if (!asked.ok) throw problemFrom(await asked.json().catch(() => undefined), asked.status)
  const [, bytes = '0'] = /\/(\d+)$/.exec(asked.headers.get('content-range') ?? '') ?? []
  await asked.body?.cancel()
  return { isAlone: asked.headers.get('pattern-sound') === 'part', bytes: Number(bytes) }
}
