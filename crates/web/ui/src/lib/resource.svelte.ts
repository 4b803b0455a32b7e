// Something the studio has, kept fresh: loaded, shown, asked for again when it changes.

import { type Live, type Problem, problemOf } from '$lib/api'

import type { List } from './feature'
import { isOf } from './kinds'
import { live } from './live.svelte'

export interface Resource<T> {
  /** The newest answer; stays while a newer one is on its way or could not be had. */
  readonly data: T | undefined
  /** Why the newest attempt failed, if it did. */
  readonly problem: Problem | undefined
  /** Whether an answer is on its way. */
  readonly isLoading: boolean
  /** Whether to show that something is on its way: not for the first 150 ms. */
  readonly isSlow: boolean
  /** Asks again. */
  refresh: () => Promise<void>
  /** Puts a newer answer in its place, one that a verb gave. */
  set: (data: T) => void
}

const SLOW_MS = 150
/** Changes come in bursts; one answer for all of a burst is enough. */
const GAP_MS = 250

/**
 * Loads now, again when anything that `load` reads before its first await changes, and when
 * `isStale` says that a live message makes the answer old. Call it while a component is set up.
 */
export function resource<T>(
  load: (signal: AbortSignal) => Promise<T>,
  isStale: (message: Live) => boolean = () => false,
): Resource<T> {
  let data = $state.raw<T>()
  let problem = $state.raw<Problem>()
  let isLoading = $state(false)
  let isSlow = $state(false)
  let current: AbortController | undefined
  let again: ReturnType<typeof setTimeout> | undefined

  async function refresh(): Promise<void> {
    clearTimeout(again)
    again = undefined
    current?.abort()
    const attempt = new AbortController()
    current = attempt
    isLoading = true
    const slow = setTimeout(() => (isSlow = true), SLOW_MS)
    try {
      const answer = await load(attempt.signal)
      if (attempt.signal.aborted) return
      data = answer
      problem = undefined
    } catch (thrown) {
      if (!attempt.signal.aborted) problem = problemOf(thrown)
    } finally {
      clearTimeout(slow)
      if (current === attempt) {
        isLoading = false
        isSlow = false
      }
    }
  }

  const refreshSoon = () => (again ??= setTimeout(() => void refresh(), GAP_MS))

  $effect(() => {
    void refresh()
    return () => {
      current?.abort()
      clearTimeout(again)
      again = undefined
    }
  })
  $effect(() => live.listen((message) => isStale(message) && refreshSoon()))
  $effect(() => live.onReconnect(() => void refresh()))

  return {
    get data() {
      return data
    },
    get problem() {
      return problem
    },
    get isLoading() {
      return isLoading
    },
    get isSlow() {
      return isSlow
    },
    refresh,
    set: (newer) => {
      data = newer
      problem = undefined
    },
  }
}

/** Whether a message says that a list changed, or one of its jobs changed its state. */
export function changes(list: List, id?: string) {
  return (message: Live): boolean => {
    if (message.live === 'changed') return message.list === list && (id === undefined || message.id === id)
    // Places in the queue are known of every job, so no list is asked for again.
    if (message.live === 'queue') return false
    if (!isOf(message.job.kind, list) || (id !== undefined && message.job.id !== id)) return false
    return message.live === 'job' || message.event.event === 'finished'
  }
}
