// Requests about the whole: how everything is, what jobs may take, what goes first, where a sound comes from.

import { problemFrom, unreachable } from './problem'
import { answer, at, client, type Signal, until } from './request'
import type { KinOf, Limits } from './types'

export const system = (signal?: Signal) => answer(client.GET('/api/system', until(signal)))
export const limits = (signal?: Signal) => answer(client.GET('/api/limits', until(signal)))
/** Says what jobs may take together, from the next job on. */
export const setLimits = (body: Limits) => answer(client.PUT('/api/limits', { body }))
/** Moves a job that waits to the front of its queue. */
export const hurryJob = (id: string) => answer(client.POST('/api/jobs/{id}/hurry', at(id)))
/** What a sound or a pattern was made of, and what was made of it. */
export const familyTree = (of: KinOf, signal?: Signal) => answer(client.POST('/api/family-tree', { body: of, ...until(signal) }))

/** The studio's description of its own API. */
export async function openapi(signal?: AbortSignal): Promise<unknown> {
  const asked = await fetch('/api/openapi.json', { signal: signal ?? null }).catch((thrown: unknown) => {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown
    throw unreachable()
  })
  if (!asked.ok) throw problemFrom(await asked.json().catch(() => undefined), asked.status)
  return asked.json()
}
