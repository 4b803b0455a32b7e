// The guide: every topic is listed, every link leads somewhere, and search finds what people type.

import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

import { pages } from '../src/lib/pages'
import { find } from '../src/pages/help/search'
import { helpFor, placeOf, topicOf } from '../src/pages/help/topics'
import { sectionsOf } from '../src/pages/help/sections'
import { htmlOf, topicsOf } from '../vite/guide'

const folder = fileURLToPath(new URL('../../../../docs/guide', import.meta.url))
const topics = topicsOf(folder)
const searchOf = (its: string) => sectionsOf(topicsOf(its), Object.fromEntries(topicsOf(its).map(({ id }) => [id, htmlOf(its, id)])))
const sections = searchOf(folder)

test('every file is a topic of the index', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md')
  expect(topics.map(({ id }) => `${id}.md`).sort()).toEqual(files.sort())
})

test.each(topics)('$id: links lead to topics and headings that there are', ({ id }) => {
  for (const [, href = ''] of htmlOf(folder, id).matchAll(/href="([^"]*)"/g)) {
    if (href.startsWith('https://')) continue
    const [, topic, anchor] = /^(?:\/help\/([\w-]+))?(?:#(.+))?$/.exec(href) ?? []
    const found = topics.find((one) => one.id === (topic ?? id))
    expect(found, href).toBeDefined()
    if (anchor) expect(found?.headings.map((heading) => heading.id), href).toContain(anchor)
  }
})

test('each page has a topic, each topic that is about a page leads to it', () => {
  for (const { pattern } of pages) {
    const [, id = '', anchor] = /^\/help\/([\w-]+)(?:#(.+))?$/.exec(helpFor(pattern)) ?? []
    expect(topicOf(id), pattern).toBeDefined()
    if (anchor) expect(topicOf(id)?.headings.map((heading) => heading.id), pattern).toContain(anchor)
  }
  expect(helpFor('/runs/strings-sketch-81c0d2')).toBe('/help/training')
  expect(helpFor('/export')).toBe('/help/exports')
  expect(helpFor('/library/chords-81c0d2/notes')).toBe('/help/notes')
  expect(helpFor('/library/chords-81c0d2/tune')).toBe('/help/change')
  expect(placeOf('training')).toBe('/runs')
})

test.each([
  ['divergence', '/help/training#divergence'],
  ['DIVERGE', '/help/training#divergence'],
  ['out of memory', '/help/troubleshooting#out-of-memory'],
  ['empty trash', '/help/troubleshooting#trash'],
  ['exporting', '/help/exports'],
  ['max pure data', '/help/exports#in-max-and-pure-data'],
  ['resume', '/help/training#stop-and-resume'],
  ['harmonise', '/help/notes#harmonise-a-melody'],
  ['similar', '/help/library#similar-sounds'],
  ['duplicates', '/help/datasets#duplicates'],
  ['it sounds quiet', '/help/troubleshooting#it-sounds-quiet'],
  ['too quiet', '/help/troubleshooting#it-sounds-quiet'],
  ['zyxwvut duplicates', '/help/datasets#duplicates'],
])('«%s» finds %s first', (query, href) => {
  expect(find(sections, query)[0]?.href).toBe(href)
})

test('every heading begins a section with its own words, without marks of HTML', () => {
  for (const { id, headings } of topics) expect(sections.filter(({ topic }) => topic === id).slice(1).map(({ heading }) => heading?.id)).toEqual(headings.map((heading) => heading.id))
  for (const { text } of sections) expect(text).not.toMatch(/<\/?(?:p|li|td|code|a)\b|&(?:amp|lt|quot);/)
})

test('a hit shows the words that were looked for, and text around them', () => {
  const [hit] = find(sections, 'gradient clip')
  expect(hit?.snippet.filter((piece) => piece.isHit).map(({ text }) => text.toLowerCase())).toContain('gradient')
  const text = hit?.snippet.map((piece) => piece.text).join('') ?? ''
  expect(text.length).toBeLessThan(200)
  expect(find(sections, 'zyxwvut')).toEqual([])
  expect(find(sections, 'it zyxwvut')).toEqual([])
  expect(find(sections, '   ')).toEqual([])
  expect(find(sections, '(.*')).toEqual([])
})

test.each([
  ['Text with <b>HTML</b>.', /HTML in the guide/],
  ['A [link](nowhere.txt).', /leads nowhere/],
  ['A [script](javascript:alert).', /leads nowhere/],
  ['![A picture](x.png)', /picture/],
  ['## One\n\n## One', /two headings/],
])('%j is refused while the pages are built', (markdown, message) => {
  const made = mkdtempSync(join(tmpdir(), 'guide-'))
  writeFileSync(join(made, 'topic.md'), `# Topic\n\n${markdown}\n`)
  expect(() => htmlOf(made, 'topic')).toThrow(message)
})

test('text is told apart from HTML', () => {
  const made = mkdtempSync(join(tmpdir(), 'guide-'))
  writeFileSync(join(made, 'topic.md'), '# Topic\n\n## A & B\n\nSet `a<1` & go.\n\n```\nx < "y"\n```\n')
  writeFileSync(join(made, 'README.md'), '1. [Topic](topic.md): What it\n   is about.\n')
  expect(htmlOf(made, 'topic')).toContain('<code>a&lt;1</code> &amp; go.')
  expect(htmlOf(made, 'topic')).toContain('<code>x &lt; &quot;y&quot;</code>')
  expect(topicsOf(made)).toEqual([{ id: 'topic', title: 'Topic', summary: 'What it is about.', headings: [{ id: 'a--b', title: 'A & B', depth: 2 }] }])
  expect(searchOf(made)[1]?.text).toBe('Set a<1 & go. x < "y"')
})
