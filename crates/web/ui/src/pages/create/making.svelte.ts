// A generation that is followed on a page: its job, and what it has made so far.

import { problemOf, type Live, type Problem } from '$lib/api'
import { generatedSounds, generation as askFor } from '$lib/api/generations'
import { isActive, newest } from '$lib/jobs.svelte'
import { live } from '$lib/live.svelte'
import { changes, resource } from '$lib/resource.svelte'

import type { GeneratedSound, Generation } from '$lib/api'

/** The most sounds of a generation. */
const SOUNDS_MAX = 1000

export interface Making {
  readonly generation: Generation | undefined
  readonly sounds: GeneratedSound[]
  readonly problem: Problem | undefined
  readonly isActive: boolean
  refresh: () => Promise<void>
}

/** Follows the generation that `idOf` says; call it during component setup. */
export function making(idOf: () => string | undefined): Making {
  /** Whether sounds that are known may have changed; while it only makes more, those that are new are enough. */
  let isOld = true
  let known: { id: string; sounds: GeneratedSound[] } = { id: '', sounds: [] }

  const isIts = (message: Live): boolean => {
    const id = idOf()
    if (!id) return false
    const isMore = message.live === 'event' && message.job.id === id && message.event.event !== 'finished'
    const isOther = changes('generations', id)(message) || (message.live === 'changed' && message.list === 'sounds')
    if (isOther) isOld = true
    return isMore || isOther
  }
  const detail = resource(async (signal) => {
    const id = idOf()
    if (!id) return undefined
    const before = isOld || known.id !== id ? [] : known.sounds
    const [generation, more] = await Promise.all([askFor(id, signal), generatedSounds(id, before.at(-1)?.number ?? 0, SOUNDS_MAX, signal)])
    known = { id, sounds: [...before, ...more] }
    isOld = false
    return { generation, sounds: known.sounds }
  }, isIts)
  $effect(() => {
    const id = idOf()
    return id ? live.watch([id]) : undefined
  })
  const data = $derived(detail.data && detail.data.generation.id === idOf() ? detail.data : undefined)
  return {
    get generation() {
      return data?.generation
    },
    get sounds() {
      return data?.sounds ?? []
    },
    get problem() {
      return detail.problem
    },
    get isActive() {
      return data ? isActive(newest(data.generation.job)) : false
    },
    refresh: () => {
      isOld = true
      return detail.refresh()
    },
  }
}

/** Whether a failure means that it is gone. */
export const isGone = (thrown: unknown): boolean => problemOf(thrown).code === 'not_found'
