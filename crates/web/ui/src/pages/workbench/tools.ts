// The pages of the workbench, and what they ask the studio for.

import './en'

import type { ChangeInput, ChangeJob, ChangeReport, LibraryItem } from '$lib/api'
import type { PlainKey } from '$lib/i18n'

export const TOOLS = ['tune', 'grid', 'stretch', 'separate', 'convert', 'spectrum'] as const
export type Tool = (typeof TOOLS)[number]

export const toolTitle = (tool: Tool): PlainKey => `workbench.${tool}`
export const toolHref = (id: string, tool: Tool): string => `/library/${encodeURIComponent(id)}/${tool}`

export const ofItem = (id: string): ChangeInput => ({ from: 'item', id })

/** What was said of the first file, if it is what a page asked for. */
export function reportOf<K extends ChangeReport['of']>(made: ChangeJob | undefined, of: K): Extract<ChangeReport, { of: K }> | undefined {
  const report = made?.result?.reports[0]
  return report?.of === of ? (report as Extract<ChangeReport, { of: K }>) : undefined
}

/** Endings of files that a browser plays. */
const PLAYED = ['wav', 'flac', 'ogg', 'oga', 'opus', 'mp3', 'm4a', 'mp4', 'aac']
export const isPlayed = (path: string): boolean => PLAYED.includes(path.split('.').pop()?.toLowerCase() ?? '')
export const canBeHeard = (item: Pick<LibraryItem, 'ending' | 'is_missing'>): boolean => !item.is_missing && PLAYED.includes(item.ending)
