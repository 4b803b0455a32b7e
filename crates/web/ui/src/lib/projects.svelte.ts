// The projects of the studio, and which one the pages show: the switcher, the palette and the lists ask here.

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

/** The one that every workspace has; what names none lies in it. */
export const FIRST_PROJECT = 'default'

/** More than the switcher offers, since some of them may be gone. */
const MOST_REMEMBERED = 12

let list = $state.raw<Resource<Project[]>>()

export const projects = {
  /** All of them, the one that was used last first; none until the studio has answered. */
  get all(): Project[] {
    return list?.data ?? []
  },
  /** Whether the studio has said which there are, or that it cannot. */
  get areKnown(): boolean {
    return list?.data !== undefined || list?.problem !== undefined
  },
  /** The one that the pages show; undefined where they show all. */
  get shown(): Project | undefined {
    return this.all.find(({ id }) => id === prefs.project)
  },
  /** Whether it has to be said which one something is of: where several are shown together. */
  get areMixed(): boolean {
    return prefs.project === '' && this.all.length > 1
  },
}

/** At most so many, those that were chosen here last first. */
export const recentProjects = (most: number): Project[] => recentFirst(projects.all, prefs.recentProjects, most)

export const projectName = (id: string | null | undefined): string => projects.all.find((one) => one.id === id)?.name ?? id ?? ''

/** Starts to follow the projects; call once, while the shell is set up. */
export function startProjects(): void {
  // The first screen stands without the list, unless it has the name of the project that is shown.
  let wait: Promise<void> | undefined = prefs.project === '' ? atRest() : undefined
  const mine = resource(async (signal) => {
    await wait
    wait = undefined
    return ask(signal)
  }, changes('projects'))
  list = mine
  // Before anything is drawn of a project that is gone.
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

/** The pages of single things, and the list that each is of. */
const ITEM = /^\/(datasets|runs|models|exports)\/(?!new$)[^/]+$/

/** Shows another project, or all with an empty name. A page of a single thing is left for its list, which is of the project. */
export function showProject(id: string): void {
  if (id === prefs.project) return
  prefs.project = id
  if (!id) return
  prefs.recentProjects = remembered(id, prefs.recentProjects, MOST_REMEMBERED)
  const item = ITEM.exec(route.path)
  if (item) go(`/${item[1]}`)
  else if (route.path === '/compare') go('/runs')
}

/** Shows a project that was just made. */
export async function showNewProject(project: Project): Promise<void> {
  list?.set([project, ...projects.all.filter(({ id }) => id !== project.id)])
  showProject(project.id)
  await list?.refresh()
}

/** Asks for the projects again: something in one of them is elsewhere now. */
export const refreshProjects = async (): Promise<void> => list?.refresh()

/** For filters and the search of a list of several projects: the second line of a name shows which project it is of. */
export function projectColumns<T>(of: (row: T) => string | null | undefined): Column<T>[] {
  if (!projects.areMixed) return []
  return [{ key: 'project', title: t('projects.one'), value: (row) => projectName(of(row)), showFrom: Number.POSITIVE_INFINITY }]
}
