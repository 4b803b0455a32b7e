// Asks the studio about a run while it is put together, a moment after each change.

import { checkRun, type FieldProblem, type NewRun, type Problem, ProblemError, problemOf, type RunForecast } from '$lib/api'

export interface RunCheck {
  /** The newest forecast; stays while a newer one is on its way. */
  readonly forecast: RunForecast | undefined
  /** What prevents the run. */
  readonly problem: Problem | undefined
  /** Which settings prevent it. */
  readonly fields: FieldProblem[]
  readonly isChecking: boolean
  /** Whether the forecast is of what is asked about now. */
  readonly isFresh: boolean
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
  let answered = $state('')
  let nRefreshed = $state(0)
  // Its name does not matter, and is typed letter by letter.
  const asked = $derived(JSON.stringify({ ...order(), name: null }))

  $effect(() => {
    const text = asked
    void nRefreshed
    const what = JSON.parse(text) as NewRun
    if (!what.dataset) return
    const attempt = new AbortController()
    const timer = setTimeout(async () => {
      isChecking = true
      try {
        forecast = await checkRun(what, attempt.signal)
        problem = undefined
        answered = text
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
    get isFresh() {
      return forecast !== undefined && problem === undefined && answered === asked
    },
    refresh: () => void (nRefreshed += 1),
  }
}
