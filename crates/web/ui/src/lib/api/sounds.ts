// Requests about the library of sounds.

import { answer, client, path, type Signal, until } from './request'

export interface SoundEntry {
  id: string
  card: { name: string; facts: { rate_hz: number; n_samples: number } }
}
export const sounds = (signal?: Signal): Promise<SoundEntry[]> => answer(client.GET('/api/sounds' as never, until(signal) as never) as never)
export const soundUrl = (id: string) => path('sounds', id, 'audio')
