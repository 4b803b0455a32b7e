// The guide as the search sees it: the text of every section, read from the topics' HTML.

import { topics } from 'virtual:guide'
import texts from 'virtual:guide-texts'

import type { Topic } from '../../../vite/guide'
import type { Section } from './search'

/** The sections of topics, whose texts are given by their identifiers. */
export function sectionsOf(all: readonly Topic[], htmls: Record<string, string>): Section[] {
  return all.flatMap(({ id, title, headings }) => {
    // What stands before the first heading, then each heading's identifier and what stands below it.
    const [first = '', ...rest] = (htmls[id] ?? '').split(/<h[2-6] id="([^"]*)"[^>]*>.*?<\/h[2-6]>/s)
    const section = (heading: Section['heading'], html: string): Section => ({ topic: id, topicTitle: title, heading, text: plain(html) })
    const below = rest.flatMap((name, i) => (i % 2 === 0 ? [section(headings.find((heading) => heading.id === name) ?? null, rest[i + 1] ?? '')] : []))
    return [section(null, first), ...below]
  })
}

const ENTITIES: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' }

/** HTML as text: cells with a dot between them, blocks with a space. */
function plain(html: string): string {
  return html
    .replace(/<\/t[hd]>\s*(?=<t[hd])/g, ' · ')
    .replace(/<\/tr>/g, '. ')
    .replace(/<\/(?:p|li|pre|div|ul|ol|blockquote)>|<br>/g, ' ')
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity)
    .replace(/\s+/g, ' ')
    .trim()
}

export const sections: Section[] = sectionsOf(topics, texts)
