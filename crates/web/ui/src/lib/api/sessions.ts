// Requests about live sessions.

import { answer, path } from './request'
import { client } from './request'
import type { Job } from './types'

/** Starts a session; its job answers at `sessionAddress`. */
export const createSession = (body: object): Promise<Job> => answer(client.POST('/api/sessions' as never, { body } as never) as never)

/** The WebSocket of a session. */
export function sessionAddress(id: string): string {
  const { protocol, host } = location
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${path('sessions', id, 'socket')}`
}
