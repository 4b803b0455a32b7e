// Deleting projects, with undo that also switches back to the one that was shown.

import { deleteProject, type Project, restoreProject } from '$lib/api'
import { prefs } from '$lib/prefs.svelte'
import { refreshProjects, showProject } from '$lib/projects.svelte'
import { moveToTrash } from '$lib/trash.svelte'

/** Moves projects to the trash, with undo; returns those that were moved. */
export async function deleteProjects<T extends Pick<Project, 'id' | 'name'>>(some: readonly T[]): Promise<T[]> {
  const shown = prefs.project
  // Switched away from first, so that no message says it is gone.
  if (some.some(({ id }) => id === shown)) showProject('')
  const gone = await moveToTrash(some, deleteProject, async (id) => {
    await restoreProject(id)
    await refreshProjects()
    if (id === shown) showProject(id)
  })
  await refreshProjects()
  if (shown && !prefs.project && !gone.some(({ id }) => id === shown)) showProject(shown)
  return gone
}
