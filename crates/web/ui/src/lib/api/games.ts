// Requests about games.

import { answer, client, type Signal, until } from './request'

/** All games, the easiest to learn first. */
export const games = (signal?: Signal) => answer(client.GET('/api/games', until(signal)))
export const game = (key: string, signal?: Signal) =>
  answer(client.GET('/api/games/{key}', { params: { path: { key } }, ...until(signal) }))
