// Requests about generations: sounds made from recipes, to choose from.

import { answer, client, filePath, type Signal, until } from './request'
import type { Generation, NewGeneration } from '../../pages/session/words'

export const createGeneration = (body: NewGeneration): Promise<Generation> => answer(client.POST('/api/generations' as never, { body } as never) as never)
export const generation = (id: string, signal?: Signal): Promise<Generation> =>
  answer(client.GET('/api/generations/{id}' as never, { params: { path: { id } }, ...until(signal) } as never) as never)
export const generationFileUrl = (id: string, file: string) => filePath('generations', id, file)
