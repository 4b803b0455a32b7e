// Data from the studio, kept up to date: loaded, shown, and reloaded when it changes.

import { type Live, type Problem, problemOf } from '$lib/api'

import type { List } from './feature'
import { isOf } from './kinds'
import { live } from './live.svelte'

export interface Resource<T> {
  /** The newest answer; stays while a newer one is loading or fails. */
  readonly data: T | undefined
  /** Why the newest attempt failed, if it did. */
  readonly problem: Problem | undefined
  /** Whether an answer is pending. */
  readonly isLoading: boolean
  /** Whether to show a loading indicator: not for the first 150 ms. */
  readonly isSlow: boolean
  /** Loads again. */
  refresh: () => Promise<void>
  /** Replaces the data with a newer answer, from another request. */
  set: (data: T) => void
}

const SLOW_MS = 150
/** Changes come in bursts; one request per burst is enough. */
const GAP_MS = 250

/**
 * Loads at once, again when anything changes that `load` reads before its first await, and again when
 * `isStale` is true for a live message. Call it during component setup.
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

/** Whether a message says that a list changed, or the state of one of its jobs. */
export function changes(list: List, id?: string) {
  return (message: Live): boolean => {
    if (message.live === 'changed') return message.list === list && (id === undefined || message.id === id)
    // The message contains all queue positions, so no list needs reloading.
    if (message.live === 'queue') return false
    if (!isOf(message.job.kind, list) || (id !== undefined && message.job.id !== id)) return false
    return message.live === 'job' || message.event.event === 'finished'
  }
}
