// One change at a time, followed until it is made. Call it during component setup.

import { type ChangeJob, type NewChange, type Problem, problemOf } from '$lib/api'

import { changeJob, createChange, deleteChange } from '$lib/api/changes'
import { live } from '$lib/live.svelte'
import { changes } from '$lib/resource.svelte'

export interface Changing {
  /** The newest change: under way, or ended. */
  readonly made: ChangeJob | undefined
  /** Why it could not be asked for, if it could not. */
  readonly problem: Problem | undefined
  /** Whether it is asked for, waits or runs. */
  readonly isUnderWay: boolean
  /** Asks for a change, in place of the one before. */
  start: (body: NewChange) => Promise<void>
}

export function changing(): Changing {
  let made = $state.raw<ChangeJob>()
  let problem = $state.raw<Problem>()
  let isAsking = $state(false)
  /** Counts requests, so that only the newest takes effect. */
  let turn = 0

  const isActive = (job: ChangeJob | undefined) => job?.job.state.state === 'queued' || job?.job.state.state === 'running'

  async function start(body: NewChange) {
    const mine = ++turn
    const before = made
    problem = undefined
    isAsking = true
    // What is not waited for any more is not computed either.
    if (before && isActive(before)) void deleteChange(before.id).catch(() => undefined)
    try {
      const asked = await createChange(body)
      if (mine === turn) made = asked
      else void deleteChange(asked.id).catch(() => undefined)
    } catch (thrown) {
      if (mine === turn) problem = problemOf(thrown)
    } finally {
      if (mine === turn) isAsking = false
    }
    // It may have ended before its identifier was known.
    await refresh()
  }

  async function refresh() {
    const [mine, id] = [turn, made?.id]
    if (!id || !isActive(made)) return
    const newer = await changeJob(id).catch(() => undefined)
    if (newer && mine === turn && made?.id === id) made = newer
  }

  $effect(() => live.listen((message) => void (made && changes('changes', made.id)(message) && refresh())))
  $effect(() => live.onReconnect(() => void refresh()))

  return {
    get made() {
      return made
    },
    get problem() {
      return problem
    },
    get isUnderWay() {
      return isAsking || isActive(made)
    },
    start,
  }
}
