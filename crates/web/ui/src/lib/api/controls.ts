// The table of controls that sessions and recipes have.

import { answer, client, type Signal, until } from './request'

export const controls = (signal?: Signal) => answer(client.GET('/api/controls', until(signal)))
