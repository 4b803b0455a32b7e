// A search for patterns, as the page's address keeps it.

import type { FindPatterns } from '$lib/api'

/** What is looked for. */
export interface Search {
  words: string
  /** The job that heard or read what is looked for. */
  heard: string | undefined
  /** The pattern that others are to be like. */
  like: string | undefined
  more: readonly string[]
  less: readonly string[]
  space: string | undefined
}

/** The most that are found. */
export const FOUND_MAX = 200

const listed = (text: string | null): string[] => (text ?? '').split(',').filter(Boolean)

export function searchOf(query: URLSearchParams): Search {
  return {
    words: query.get('q') ?? '',
    heard: query.get('heard') ?? undefined,
    like: query.get('like') ?? undefined,
    more: listed(query.get('more')),
    less: listed(query.get('less')),
    space: query.get('space') ?? undefined,
  }
}

/** Whether sounds are compared, and not words and numbers alone. */
export const isByLikeness = ({ heard, like, more, less }: Search): boolean => heard !== undefined || like !== undefined || more.length > 0 || less.length > 0

/** Whether nothing is looked for: then all patterns are listed. */
export const isOpen = (search: Search): boolean => search.words.trim() === '' && !isByLikeness(search)

/** The order for it. What was heard goes before what a pattern is like. */
export function orderOf({ words, heard, like, more, less, space }: Search): FindPatterns {
  const of = heard !== undefined ? { like: { from: 'query' as const, id: heard } } : like !== undefined ? { like: { from: 'pattern' as const, id: like } } : {}
  return { words: typable(words), ...of, more: [...more], less: [...less], ...(space === undefined ? {} : { space }), limit: FOUND_MAX }
}

/** Words with the minus that keyboards have. */
export const typable = (words: string): string => words.replaceAll('−', '-')

/** The identifiers with one more, or without it; and another list without it, since nothing is in both. */
export function toggledIn(id: string, list: readonly string[], other: readonly string[]): { list: string[]; other: string[] } {
  return { list: list.includes(id) ? list.filter((one) => one !== id) : [...list, id], other: other.filter((one) => one !== id) }
}

/** As the address has it: nothing for an empty list. */
export const listText = (ids: readonly string[]): string | null => ids.join(',') || null
