// The curves of a run: fetched once, then extended by live updates.

import { curves as askForCurves, type Live, type Problem, problemOf, type SystemUse } from '$lib/api'
import { live } from '$lib/live.svelte'
import { append, curveFrom, type GrowingCurve, type Points, points } from '$instruments/curve'

/** More than a chart has pixels. */
const POINTS = 1500
/** The delay before new points are drawn: imperceptible, and it leaves the processor to the training. */
const DRAW_MS = 150

export interface RunCurves {
  /** The points of a metric so far. */
  points: (name: string) => Points
  /** Names of metrics that have points. */
  readonly names: string[]
  /** The newest live value of each metric. */
  readonly latest: Record<string, number>
  /** The process's use of the computer, as last reported live. */
  readonly system: SystemUse | undefined
  readonly isLoaded: boolean
  readonly problem: Problem | undefined
  refresh: () => Promise<void>
}

/** Follows the run while the component is mounted; call it during setup. */
export function runCurves(id: string): RunCurves {
  const curves = new Map<string, GrowingCurve>()
  /** Live messages received during a request, whose answer may be older. */
  let meanwhile: Live[] | undefined
  let lastSeq = -1
  let version = $state(0)
  let names = $state.raw<string[]>([])
  let latest = $state.raw<Record<string, number>>({})
  let system = $state.raw<SystemUse>()
  let isLoaded = $state(false)
  let problem = $state.raw<Problem>()
  let timer: ReturnType<typeof setTimeout> | undefined

  async function refresh() {
    meanwhile = []
    try {
      const answer = await askForCurves(id, [], POINTS)
      curves.clear()
      for (const { name, steps, values } of answer.curves) curves.set(name, curveFrom(steps, values))
      lastSeq = answer.last_seq
      isLoaded = true
      problem = undefined
      const missed = meanwhile
      meanwhile = undefined
      missed.forEach(hear)
      changed()
    } catch (thrown) {
      meanwhile = undefined
      problem = problemOf(thrown)
    }
  }

  function hear(message: Live) {
    if (message.live !== 'event' || message.job.id !== id) return
    const { event } = message
    if (event.event === 'system') system = event
    if (event.event !== 'metrics') return
    meanwhile?.push(message)
    if (lastSeq >= 0 && event.seq > lastSeq) {
      lastSeq = event.seq
      for (const [name, value] of Object.entries(event.values)) add(name, event.step, value)
      latest = { ...latest, ...event.values }
      changed()
    }
  }

  function add(name: string, step: number, value: number) {
    const curve = curves.get(name)
    if (curve) append(curve, step, value)
    else curves.set(name, curveFrom([step], [value]))
  }

  /** Redraws the curves a few times a second at most, however many events arrive. */
  function changed() {
    timer ??= setTimeout(() => {
      timer = undefined
      version++
      if (names.length !== curves.size) names = [...curves.keys()]
    }, DRAW_MS)
  }

  $effect(() => {
    void refresh()
    const stops = [live.listen(hear), live.watch([id]), live.onReconnect(() => void refresh())]
    return () => {
      clearTimeout(timer)
      timer = undefined
      for (const stop of stops) stop()
    }
  })

  const none: Points = { steps: new Float64Array(), values: new Float64Array() }
  return {
    points: (name) => {
      void version
      const curve = curves.get(name)
      return curve ? points(curve) : none
    },
    get names() {
      return names
    },
    get latest() {
      return latest
    },
    get system() {
      return system
    },
    get isLoaded() {
      return isLoaded
    },
    get problem() {
      return problem
    },
    refresh,
  }
}
