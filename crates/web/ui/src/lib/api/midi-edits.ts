// Requests about the notes of a MIDI file that are edited.

import { answer, at, client, type Signal, until } from './request'
import type { NotesEdit } from './types'

/** The notes of a MIDI file in its own time. */
export const midiNotes = (id: string, signal?: Signal) => answer(client.GET('/api/library/items/{id}/notes', { ...at(id), ...until(signal) }))
/** Saves the file with some notes changed as a new one, which is answered. */
export const saveMidiNotes = (id: string, body: NotesEdit) => answer(client.POST('/api/library/items/{id}/notes', { ...at(id), body }))
