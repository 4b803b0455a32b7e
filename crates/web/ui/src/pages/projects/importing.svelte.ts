// The upload of an archive to the studio. It continues while other pages are open.

import './en'

import { importProject, type Problem, problemOf, type Project } from '$lib/api'
import { t } from '$lib/i18n'
import { refreshProjects } from '$lib/projects.svelte'
import { route } from '$lib/router.svelte'
import { toast } from '$lib/toasts.svelte'

class Importing {
  /** The file being sent; undefined if none is. */
  file = $state.raw<File>()
  /** The share sent, 0 to 1. */
  share = $state(0)
  /** Why the last import failed. */
  problem = $state.raw<Problem>()
  /** The project created by the last import. */
  made = $state.raw<Project>()

  #attempt: AbortController | undefined

  async start(file: File): Promise<void> {
    if (this.file) return
    const attempt = new AbortController()
    this.#attempt = attempt
    this.file = file
    this.share = 0
    this.problem = this.made = undefined
    try {
      this.made = await importProject(file, (share) => (this.share = share), attempt.signal)
      // The projects page reports it itself.
      if (route.path !== '/projects') toast(t('archive.done', { name: this.made.name }))
      await refreshProjects()
    } catch (thrown) {
      if (!attempt.signal.aborted) this.problem = problemOf(thrown)
    }
    this.file = undefined
  }

  refuse(problem: Problem): void {
    this.problem = problem
    this.made = undefined
  }

  cancel(): void {
    this.#attempt?.abort()
  }
}

export const importing = new Importing()
