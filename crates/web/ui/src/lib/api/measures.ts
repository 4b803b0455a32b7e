// Requests about measures: how long a run would take.

import { answer, at, client } from './request'
import type { NewRun } from './types'

export const measureRun = (body: NewRun) => answer(client.POST('/api/measures', { body }))
export const deleteMeasure = (id: string) => answer(client.DELETE('/api/measures/{id}', at(id)))
