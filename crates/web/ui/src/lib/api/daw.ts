// Requests about projects of audio workstations.

import { answer, client, type Signal, until } from './request'
import type { TakeDawSounds } from './types'

interface Opened {
  path: string
  /** A folder to look for its sounds in, besides where the project says. */
  sounds?: string
}
const of = (opened: Opened, signal: Signal) => ({ params: { query: { ...opened } }, ...until(signal) })

/** What is in a project. */
export const dawProject = (opened: Opened, signal?: Signal) => answer(client.GET('/api/daw', of(opened, signal)))
/** What is drawn of it. */
export const dawPicture = (opened: Opened, signal?: Signal) => answer(client.GET('/api/daw/picture', of(opened, signal)))
/** Projects that lie in folders of the library. */
export const dawFiles = (signal?: Signal) => answer(client.GET('/api/daw/files', until(signal)))
/** Takes the sounds of a project that were found into the library. */
export const takeDawSounds = (body: TakeDawSounds) => answer(client.POST('/api/daw/sounds', { body }))
