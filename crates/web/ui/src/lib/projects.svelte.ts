// The studio's projects and the current one, for the switcher, the palette and the lists.

import { untrack } from 'svelte'

import { type Project, projects as ask } from '$lib/api'
import { t } from '$lib/i18n'

import type { Column } from './grid'
import { prefs } from './prefs.svelte'
import { recentFirst, remembered, stillThere } from './recents'
import { changes, type Resource, resource } from './resource.svelte'
import { atRest } from './rest'
import { go, route } from './router.svelte'
import { toast } from './toasts.svelte'

/** The project every workspace has; anything without a project is in it. */
export const FIRST_PROJECT = 'default'

/** More than the switcher shows, since some of them may be gone. */
const MOST_REMEMBERED = 12

let list = $state.raw<Resource<Project[]>>()

export const projects = {
  /** All projects, the most recently used first; empty until the studio has answered. */
  get all(): Project[] {
    return list?.data ?? []
  },
  /** Whether the studio has answered, be it with an error. */
  get areKnown(): boolean {
    return list?.data !== undefined || list?.problem !== undefined
  },
  /** The current project; undefined if all are shown. */
  get shown(): Project | undefined {
    return this.all.find(({ id }) => id === prefs.project)
  },
  /** Whether items of several projects are shown together, so that each must name its project. */
  get areMixed(): boolean {
    return prefs.project === '' && this.all.length > 1
  },
}

/** At most `most` projects, those chosen most recently here first. */
export const recentProjects = (most: number): Project[] => recentFirst(projects.all, prefs.recentProjects, most)

export const projectName = (id: string | null | undefined): string => projects.all.find((one) => one.id === id)?.name ?? id ?? ''

/** Starts following the projects; call once, while setting up the shell. */
export function startProjects(): void {
  // The first screen does not need the list, unless it shows the name of the current project.
  let wait: Promise<void> | undefined = prefs.project === '' ? atRest() : undefined
  const mine = resource(async (signal) => {
    await wait
    wait = undefined
    return ask(signal)
  }, changes('projects'))
  list = mine
  // Runs before anything of a deleted project is rendered.
  $effect.pre(() => {
    if (!prefs.project || !mine.data) return
    const shown = stillThere(prefs.project, mine.data)
    if (shown === prefs.project) return
    untrack(() => {
      prefs.project = shown
      toast(t('projects.gone'))
    })
  })
}

/** Pages of single items, and the list each item is in. */
const ITEM = /^\/(datasets|runs|models|exports)\/(?!new$)[^/]+$/

/** Switches to a project, or to all with an empty id. The page of an item gives way to its list, which is per project. */
export function showProject(id: string): void {
  if (id === prefs.project) return
  prefs.project = id
  if (!id) return
  prefs.recentProjects = remembered(id, prefs.recentProjects, MOST_REMEMBERED)
  const item = ITEM.exec(route.path)
  if (item) go(`/${item[1]}`)
  else if (route.path === '/compare') go('/runs')
}

/** Switches to a newly created project. */
export async function showNewProject(project: Project): Promise<void> {
  list?.set([project, ...projects.all.filter(({ id }) => id !== project.id)])
  showProject(project.id)
  await list?.refresh()
}

/** Reloads the projects after something moved between them. */
export const refreshProjects = async (): Promise<void> => list?.refresh()

/** For filters and search in lists of several projects: the name's second line shows the project. */
export function projectColumns<T>(of: (row: T) => string | null | undefined): Column<T>[] {
  if (!projects.areMixed) return []
  return [{ key: 'project', title: t('projects.one'), value: (row) => projectName(of(row)), showFrom: Number.POSITIVE_INFINITY }]
}
