// The topics of the guide, and which of them belongs to which page of the app.

import { topics } from 'virtual:guide'

import type { Topic } from '../../../vite/guide'

export { texts, topics } from 'virtual:guide'

/** Beginnings of addresses and the topic about them; the first that fits wins. */
const PLACES: [path: string, topic: string][] = [
  ['/datasets', 'datasets'],
  ['/runs', 'training'],
  ['/models', 'listening'],
  ['/exports', 'exports'],
  ['/export', 'exports'],
  ['/import', 'import'],
  ['/projects', 'projects'],
  ['/trash', 'troubleshooting#trash'],
  ['/settings', 'troubleshooting'],
  ['/', 'first-steps'],
]

/** The topic of an address of the guide; undefined for one that there is not. */
export const topicOf = (id: string): Topic | undefined => topics.find((topic) => topic.id === id)

/** The address in the guide of what helps on a page. */
export function helpFor(path: string): string {
  const found = PLACES.find(([start]) => path === start || path.startsWith(`${start}/`))
  return `/help/${found?.[1] ?? 'first-steps'}`
}

/** The page of the app that a topic is about. */
export function placeOf(topic: string): string | undefined {
  return PLACES.find(([, its]) => its === topic)?.[0]
}
