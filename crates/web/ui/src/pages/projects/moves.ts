// Moving items into a project, with undo.

import './en'

import { moveToProject, type Project, ProblemError } from '$lib/api'
import { t, tn } from '$lib/i18n'
import type { Movable } from '$lib/moving.svelte'
import { refreshProjects } from '$lib/projects.svelte'
import { toastProblem, toastUndo } from '$lib/toasts.svelte'

/** Moves items; reports a failure and moves the rest regardless. Returns whether all were moved. */
export async function moveAll(things: readonly Movable[], to: Pick<Project, 'id' | 'name'>): Promise<boolean> {
  const moved: Movable[] = []
  let failure: unknown
  for (const thing of things.filter(({ project }) => project !== to.id)) {
    try {
      await moveToProject(to.id, { list: thing.list, id: thing.id })
      moved.push(thing)
    } catch (thrown) {
      failure = thrown
      // Without the studio, the others would fail too.
      if (!(thrown instanceof ProblemError) || thrown.status === 0) break
    }
  }
  if (failure !== undefined) toastProblem(failure)
  const [first] = moved
  if (first) {
    const text = moved.length === 1 ? t('move.movedOne', { name: first.name, project: to.name }) : tn('move.moved', moved.length).replace('{project}', to.name)
    toastUndo(text, async () => {
      for (const { project, list, id } of moved) await moveToProject(project, { list, id })
      await refreshProjects()
    })
    await refreshProjects()
  }
  return failure === undefined
}
