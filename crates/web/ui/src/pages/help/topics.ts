// The topics of the guide, and the pages of the app they belong to.

import { topics } from 'virtual:guide'

import type { Topic } from '../../../vite/guide'

export { topics } from 'virtual:guide'

/** The HTML of all topics: one file, which the search needs as well. */
export const texts = () => import('virtual:guide-texts').then((module) => module.default)

/** Address prefixes and the topics about them; the first match wins. */
const PLACES: [path: string, topic: string][] = [
  ['/datasets', 'datasets'],
  ['/games', 'agents'],
  ['/videos', 'agents#films'],
  ['/runs', 'training'],
  ['/models', 'listening'],
  ['/create', 'generate'],
  ['/library', 'library'],
  ['/memory', 'memory'],
  ['/flows', 'flows'],
  ['/flow-runs', 'flows'],
  ['/health', 'troubleshooting'],
  ['/daw', 'daw'],
  ['/exports', 'exports'],
  ['/export', 'exports'],
  ['/import', 'import'],
  ['/projects', 'projects'],
  ['/trash', 'troubleshooting#trash'],
  ['/settings', 'troubleshooting'],
  ['/', 'first-steps'],
]

/** The guide topic with an id; undefined if there is none. */
export const topicOf = (id: string): Topic | undefined => topics.find((topic) => topic.id === id)

/** The guide's address for help on a page. */
export function helpFor(path: string): string {
  // A model's own pages are about listening, but for the one that plays it.
  if (/^\/models\/[^/]+\/play$/.test(path)) return '/help/play'
  if (/^\/library\/[^/]+\/notes$/.test(path)) return '/help/notes'
  // The workbench changes what is in the library.
  if (/^\/library\/(convert|[^/]+\/[^/]+)$|^\/changes\/[^/]+$/.test(path)) return '/help/change'
  const found = PLACES.find(([start]) => path === start || path.startsWith(`${start}/`))
  return `/help/${found?.[1] ?? 'first-steps'}`
}

/** The app's page that a topic is about. */
export function placeOf(topic: string): string | undefined {
  return PLACES.find(([, its]) => its === topic)?.[0]
}
