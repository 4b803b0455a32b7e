// What goes together when a source is switched on or off: sources of latents share a weight of 1, so an input that
// nobody hears must not take a part of it.

import type { LiveSession } from './session.svelte'

/** The keys of what plays sound into the model. */
const INPUTS = ['mic', 'file']
/** The keys of what moves the latents besides the input. */
export const LATENT_SOURCES = ['manual', 'path', 'prior', 'walk']

/** The moves that switch a source on, at a weight. */
export function switchedOn(session: Pick<LiveSession, 'value'>, key: string, weight = 1): Record<string, number> {
  if (INPUTS.includes(key)) return session.value('encoder') === 0 ? { [key]: 1, encoder: 1 } : { [key]: 1 }
  if (!LATENT_SOURCES.includes(key)) return { [key]: weight }
  const hasInput = INPUTS.some((input) => session.value(input) > 0)
  return hasInput ? { [key]: weight } : { [key]: weight, encoder: 0 }
}

/** The moves that let pad and sliders be heard; none if they are. */
export function manualOn(session: Pick<LiveSession, 'value'>): Record<string, number> {
  return session.value('manual') > 0 ? {} : switchedOn(session, 'manual')
}
