// Requests about engines: programs of others that run models.

import { answer, client, type Signal, until } from './request'

/** The engines whose models are in the library. */
export const engines = (signal?: Signal) => answer(client.GET('/api/engines', until(signal)))
/** Starts the engine of a folder to ask how it is and what it runs. */
export const checkEngine = (folder: string) => answer(client.POST('/api/engines/check', { body: { folder } }))
/** Starts the engine of a folder, and puts its models into the library. */
export const addEngine = (folder: string, accepts_licence: boolean) =>
  answer(client.POST('/api/engines', { body: { folder, accepts_licence } }))
