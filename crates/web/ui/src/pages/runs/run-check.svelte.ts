// The studio's answers while a run is being set up: the resulting settings and, shortly after each change, the cost.

import { checkRun, compose, type FieldProblem, type NewComposition, type NewRun, type Origin, type Problem, ProblemError, problemOf, type RunForecast } from '$lib/api'
import { resource } from '$lib/resource.svelte'

export interface RunBase {
  /** A value for each knob; stays while newer ones are loading or fail to load. */
  readonly values: Record<string, unknown>
  readonly origins: Record<string, Origin>
  /** Whether these belong to the current choices. */
  readonly isFresh: boolean
}

/** The settings that choices result in. Call it during component setup; `choices` returns the current ones. */
export function baseOf(choices: () => NewComposition | undefined): RunBase {
  const asked = $derived(JSON.stringify(choices()))
  const answer = resource(async (signal) => {
    const text = asked
    if (text === undefined) return undefined
    const what = JSON.parse(text) as NewComposition
    // A preset that does not fit the dataset is shown anyway: its settings can then be changed.
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
  /** The newest forecast; stays while a newer one is loading. */
  readonly forecast: RunForecast | undefined
  /** What prevents the run. */
  readonly problem: Problem | undefined
  /** Which settings prevent it. */
  readonly fields: FieldProblem[]
  readonly isChecking: boolean
  /** Repeats the same request. */
  refresh: () => void
}

/** While the user is typing, only the final text is checked. */
const SETTLE_MS = 200

/** Call it during component setup; `order` returns the current run. */
export function runCheck(order: () => NewRun | undefined): RunCheck {
  let forecast = $state.raw<RunForecast>()
  let problem = $state.raw<Problem>()
  let isChecking = $state(false)
  let nRefreshed = $state(0)
  // The name does not matter, and changes with every letter typed.
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
