// What the studio says of a run while it is put together: what the choices come to, and a moment after each change, what it takes.

import { checkRun, compose, type FieldProblem, type NewComposition, type NewRun, type Origin, type Problem, ProblemError, problemOf, type RunForecast } from '$lib/api'
import { resource } from '$lib/resource.svelte'

export interface RunBase {
  /** A value for each knob; stays while newer ones are on their way or cannot be had. */
  readonly values: Record<string, unknown>
  readonly origins: Record<string, Origin>
  /** Whether these are of what is asked about now. */
  readonly isFresh: boolean
}

/** What choices come to. Call it while a component is set up; `choices` says what to ask about. */
export function baseOf(choices: () => NewComposition | undefined): RunBase {
  const asked = $derived(JSON.stringify(choices()))
  const answer = resource(async (signal) => {
    const text = asked
    if (text === undefined) return undefined
    const what = JSON.parse(text) as NewComposition
    // A preset that does not fit the dataset is shown all the same: its settings are there to be changed.
    const composed = await compose(what, signal).catch(() => compose({ ...what, dataset: null }, signal))
    return { text, composed }
  })
  return {
    get values() {
      return (answer.data?.composed.settings ?? {}) as Record<string, unknown>
    },
    get origins() {
      return answer.data?.composed.origins ?? {}
    },
    get isFresh() {
      return answer.data !== undefined && answer.data.text === asked
    },
  }
}

export interface RunCheck {
  /** The newest forecast; stays while a newer one is on its way. */
  readonly forecast: RunForecast | undefined
  /** What prevents the run. */
  readonly problem: Problem | undefined
  /** Which settings prevent it. */
  readonly fields: FieldProblem[]
  readonly isChecking: boolean
  /** Asks again about the same. */
  refresh: () => void
}

/** While somebody types, only what they arrive at is asked about. */
const SETTLE_MS = 200

/** Call it while a component is set up; `order` says what to ask about. */
export function runCheck(order: () => NewRun | undefined): RunCheck {
  let forecast = $state.raw<RunForecast>()
  let problem = $state.raw<Problem>()
  let isChecking = $state(false)
  let nRefreshed = $state(0)
  // Its name does not matter, and is typed letter by letter.
  const asked = $derived(JSON.stringify({ ...order(), name: null }))

  $effect(() => {
    const text = asked
    void nRefreshed
    const what = JSON.parse(text) as NewRun
    if (!what.family) return
    const attempt = new AbortController()
    const timer = setTimeout(async () => {
      isChecking = true
      try {
        forecast = await checkRun(what, attempt.signal)
        problem = undefined
      } catch (thrown) {
        if (!attempt.signal.aborted) problem = thrown instanceof ProblemError ? thrown.problem : problemOf(thrown)
      }
      if (!attempt.signal.aborted) isChecking = false
    }, SETTLE_MS)
    return () => {
      clearTimeout(timer)
      attempt.abort()
    }
  })

  return {
    get forecast() {
      return forecast
    },
    get problem() {
      return problem
    },
    get fields() {
      return problem?.fields ?? []
    },
    get isChecking() {
      return isChecking
    },
    refresh: () => void (nRefreshed += 1),
  }
}
