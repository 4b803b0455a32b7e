// Requests about films.

import { answer, at, client, filePath, type Signal, until } from './request'
import type { FilmChange, FilmKind, NewFilm } from './types'

interface Listed {
  game?: string
  run?: string
  kind?: FilmKind
}

/** Films, newest first; all of them, or only those of a game, a run or a kind. */
export const films = (signal?: Signal, of: Listed = {}) => answer(client.GET('/api/films', { params: { query: of }, ...until(signal) }))
export const film = (id: string, signal?: Signal) => answer(client.GET('/api/films/{id}', { ...at(id), ...until(signal) }))
export const createFilm = (body: NewFilm) => answer(client.POST('/api/films', { body }))
export const changeFilm = (id: string, body: FilmChange) => answer(client.PATCH('/api/films/{id}', { ...at(id), body }))
/** Moves a film to the trash; cancels it if it is in progress. */
export const deleteFilm = (id: string) => answer(client.DELETE('/api/films/{id}', at(id)))
export const restoreFilm = (id: string) => answer(client.POST('/api/films/{id}/restore', at(id)))
/** Opens its folder in the file manager of the studio's computer. */
export const openFilm = (id: string) => answer(client.POST('/api/films/{id}/open', at(id)))
export const filmFileUrl = (id: string, file: string) => filePath('films', id, file)
