// What all parts of the page share: the session, and what is learnt by moving a knob.

import { getContext, setContext } from 'svelte'

import type { ModelDetail } from '$lib/api'

import type { Mappings } from './midi/mappings.svelte'
import type { LiveSession } from './session.svelte'

export interface Live {
  session: LiveSession
  mappings: Mappings
  model: ModelDetail
}

const KEY = Symbol('live')

export const provideLive = (live: Live): Live => setContext(KEY, live)
export const useLive = (): Live => getContext<Live>(KEY)
