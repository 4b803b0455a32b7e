// Search in the guide: sections that have any word, those with most of them first, with a piece of their text.

import type { Section } from '../../../vite/guide'

export interface Hit {
  /** Its address, like `/help/training#divergence`. */
  href: string
  topicTitle: string
  /** Of the section; of the topic for its beginning. */
  title: Piece[]
  /** A piece of its text around the first word that was found. */
  snippet: Piece[]
}
/** A piece of text, and whether it is one of the words that were looked for. */
export interface Piece {
  text: string
  isHit: boolean
}

/** About how many letters of a section's text a hit shows. */
const SNIPPET = 150

/** The sections in which words of a query occur: those with more of the words first, of these the best; only those with every word if asked so. */
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

/** A word in its plainest form: «Exports» and «exporting» are found by «export», and the other way. */
function wordsOf(query: string): string[] {
  const words = query.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}_./-]*/gu) ?? []
  return words.map((word) => word.replace(/^(\p{L}{4,}?)(?:ing|ed|es|s)$/u, '$1'))
}

/** How well a section answers: how many of the words are in it, and how prominently. */
function scoreOf(section: Section, words: string[], isEveryWord: boolean): { nWords: number; points: number } {
  // «of» and «it» are everywhere: alone they find something only where nothing else is asked.
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

/** How often words that begin so occur. */
const countOf = (text: string, word: string): number => [...text.matchAll(beginningOf([word]))].length

/** Matches the words that begin like one of these. */
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

/** The text around the first word that was found, cut between words. */
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
