// Requests about MIDI files: their notes, and what can be written for them.

import { answer, at, client, type Signal, until } from './request'

/** The notes, bars and chords of a MIDI file of the library. */
export const pieceOf = (id: string, signal?: Signal) => answer(client.GET('/api/library/items/{id}/piece', { ...at(id), ...until(signal) }))
/** The same of a file that a change made, by its path in the change's folder. */
export const changedPiece = (id: string, file: string, signal?: Signal) =>
  answer(client.GET('/api/changes/{id}/piece/{path}', { params: { path: { id, path: file } }, ...until(signal) }))
/** Changes of a file of the library, newest first. */
export const changesOf = (id: string, signal?: Signal) => answer(client.GET('/api/library/items/{id}/changes', { ...at(id), ...until(signal) }))
/** Parts and styles that can be written. */
export const noteChoices = (signal?: Signal) => answer(client.GET('/api/notes/choices', until(signal)))
