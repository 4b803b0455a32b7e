// Requests about models that play live in the page.

import { answer, client, path, type Signal, until } from './request'
import type { NewSession } from './types'

/** Starts a session; its job answers at `sessionAddress`. */
export const createSession = (body: NewSession) => answer(client.POST('/api/sessions', { body }))

/** The WebSocket of a session. */
export function sessionAddress(id: string): string {
  const { protocol, host } = location
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${path('sessions', id, 'socket')}`
}

/** Every control of sessions and recipes. */
export const controls = (signal?: Signal) => answer(client.GET('/api/controls', until(signal)))
