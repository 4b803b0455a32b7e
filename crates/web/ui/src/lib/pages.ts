// Which page an address has.

import type { Page } from './feature'
import { features } from './features'
import { match } from './router.svelte'

interface PlacedPage extends Page {
  /** Which entry of the rail it belongs to. */
  section: string
}

export const pages: PlacedPage[] = features.flatMap(({ section, pages }) => pages.map((page) => ({ ...page, section })))

/** The page of an address and the names in it. */
export function pageAt(path: string): { page: PlacedPage; params: Record<string, string> } | null {
  for (const page of pages) {
    const params = match(page.pattern, path)
    if (params) return { page, params }
  }
  return null
}
