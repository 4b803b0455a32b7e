// Requests about games in the page.

import { answer, client } from './request'
import type { NewPlay } from './types'

/** Starts a game; its job answers at `/api/plays/{id}/session`. */
export const createPlay = (body: NewPlay) => answer(client.POST('/api/plays', { body }))
