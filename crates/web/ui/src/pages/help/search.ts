// Search in the guide: sections that contain any of the words, those with most words first, with an excerpt.

import type { Heading } from '../../../vite/guide'

/** A part of a topic, as the search sees it. The first part of a topic has no heading. */
export interface Section {
  topic: string
  topicTitle: string
  heading: Heading | null
  text: string
}

export interface Hit {
  /** Its address, such as `/help/training#divergence`. */
  href: string
  topicTitle: string
  /** The section's title; for a topic's beginning, the topic's. */
  title: Piece[]
  /** An excerpt around the first match. */
  snippet: Piece[]
}
/** A piece of text, and whether it is a match. */
export interface Piece {
  text: string
  isHit: boolean
}

/** The approximate length of an excerpt, in characters. */
const SNIPPET = 150

/** Sections with words of the query, by number of matching words, then by points; optionally only those with every word. */
export function find(sections: Section[], query: string, limit = 20, isEveryWord = false): Hit[] {
  const words = wordsOf(query)
  if (words.length === 0) return []
  const scored = sections.map((section) => ({ section, score: scoreOf(section, words, isEveryWord) }))
  return scored
    .filter(({ score }) => score.nWords > 0)
    .sort((a, b) => b.score.nWords - a.score.nWords || b.score.points - a.score.points)
    .slice(0, limit)
    .map(({ section }) => hitOf(section, words))
}

/** The query's words without endings: «Exports» and «exporting» are found by «export», and vice versa. */
function wordsOf(query: string): string[] {
  const words = query.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}_./-]*/gu) ?? []
  return words.map((word) => word.replace(/^(\p{L}{4,}?)(?:ing|ed|es|s)$/u, '$1'))
}

/** How well a section matches: the number of words in it, and their prominence. */
function scoreOf(section: Section, words: string[], isEveryWord: boolean): { nWords: number; points: number } {
  // Short words like «of» and «it» are everywhere: they count only if the query has no others.
  const telling = words.some((word) => word.length > 2) ? words.filter((word) => word.length > 2) : words
  const title = section.topicTitle.toLowerCase()
  const heading = section.heading?.title.toLowerCase() ?? title
  const text = section.text.toLowerCase()
  const score = { nWords: 0, points: 0 }
  for (const word of words) {
    const inText = countOf(text, word)
    const points = (countOf(heading, word) > 0 ? 20 : 0) + (countOf(title, word) > 0 ? (section.heading ? 5 : 15) : 0) + Math.min(inText, 5)
    if (points === 0 && isEveryWord) return { nWords: 0, points: 0 }
    if (points > 0 && telling.includes(word)) score.nWords += 1
    score.points += points
  }
  return score
}

/** How often words with this beginning occur. */
const countOf = (text: string, word: string): number => [...text.matchAll(beginningOf([word]))].length

/** Matches words that begin with any of these. */
function beginningOf(words: string[]): RegExp {
  const safe = words.map((word) => word.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&'))
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${safe.join('|')})[\\p{L}\\p{N}]*`, 'giu')
}

function hitOf({ topic, topicTitle, heading, text }: Section, words: string[]): Hit {
  return {
    href: `/help/${topic}${heading ? `#${heading.id}` : ''}`,
    topicTitle,
    title: piecesOf(heading?.title ?? topicTitle, words),
    snippet: piecesOf(excerptOf(text, words), words),
  }
}

/** The text around the first match, cut at word boundaries. */
function excerptOf(text: string, words: string[]): string {
  const first = beginningOf(words).exec(text)?.index ?? 0
  const from = first < SNIPPET / 2 ? 0 : text.indexOf(' ', first - SNIPPET / 3) + 1
  if (text.length - from <= SNIPPET) return `${from > 0 ? '…' : ''}${text.slice(from)}`
  const to = text.lastIndexOf(' ', from + SNIPPET)
  return `${from > 0 ? '…' : ''}${text.slice(from, to).replace(/[.,;:]$/, '')}…`
}

function piecesOf(text: string, words: string[]): Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const found of text.matchAll(beginningOf(words))) {
    if (found.index > end) pieces.push({ text: text.slice(end, found.index), isHit: false })
    pieces.push({ text: found[0], isHit: true })
    end = found.index + found[0].length
  }
  if (end < text.length) pieces.push({ text: text.slice(end), isHit: false })
  return pieces
}
