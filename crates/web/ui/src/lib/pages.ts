// Maps addresses to pages.

import type { Page } from './feature'
import { features } from './features'
import { match } from './router.svelte'

interface PlacedPage extends Page {
  /** The rail entry it belongs to. */
  section: string
}

export const pages: PlacedPage[] = features.flatMap(({ section, pages }) => pages.map((page) => ({ ...page, section })))

/** The page at an address, and the address's parameters. */
export function pageAt(path: string): { page: PlacedPage; params: Record<string, string> } | null {
  for (const page of pages) {
    const params = match(page.pattern, path)
    if (params) return { page, params }
  }
  return null
}
