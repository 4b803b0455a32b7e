// The guide as modules: Markdown of docs/guide becomes HTML while the pages are built, so that no parser
// travels with them. Text of our own is the only source: raw HTML and unknown links are errors.
//
//   virtual:guide         the topics
//   virtual:guide-texts   the HTML of each, by its identifier; the search reads these, too

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { Marked, type Token, type Tokens } from 'marked'
import type { Plugin } from 'vite'

export interface Heading {
  id: string
  title: string
  depth: number
}
export interface Topic {
  id: string
  title: string
  /** One sentence: what one finds there. */
  summary: string
  headings: Heading[]
}
/** The list of topics in their order, with a sentence for each. */
const INDEX = 'README.md'
const MODULE = 'virtual:guide'
const TEXTS = 'virtual:guide-texts'

/** Answers imports of the guide from the Markdown files of a folder. */
export function guide(folder: string): Plugin {
  return {
    name: 'guide',
    resolveId: (id) => (id === TEXTS || id === MODULE ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${MODULE}`)) return undefined
      for (const name of readdirSync(folder)) this.addWatchFile(join(folder, name))
      const topics = topicsOf(folder)
      if (id === `\0${MODULE}`) return `export const topics = ${JSON.stringify(topics)}`
      return `export default ${JSON.stringify(Object.fromEntries(topics.map((topic) => [topic.id, htmlOf(folder, topic.id)])))}`
    },
    handleHotUpdate({ file, server }) {
      if (!file.startsWith(folder)) return
      for (const [id, module] of server.moduleGraph.idToModuleMap) if (id.startsWith(`\0${MODULE}`)) server.moduleGraph.invalidateModule(module)
      server.ws.send({ type: 'full-reload' })
    },
  }
}

/** Every topic, in the order of the index. */
export function topicsOf(folder: string): Topic[] {
  const listed = lexed(folder, INDEX).flatMap((token) => (token.type === 'list' ? (token as Tokens.List).items : []))
  return listed.map((item) => {
    const found = /^\[(.+)\]\(([\w-]+)\.md\): (.+)$/s.exec(item.text)
    if (!found) throw new Error(`${INDEX}: «${item.text}» is not «[Title](topic.md): a sentence»`)
    const [, title = '', id = '', summary = ''] = found
    return { id, title, summary: summary.replaceAll('\n', ' '), headings: headingsOf(lexed(folder, `${id}.md`)) }
  })
}

/** A topic as HTML, without its title. */
export function htmlOf(folder: string, id: string): string {
  const tokens = lexed(folder, `${id}.md`).filter((token) => !(isHeading(token) && token.depth === 1))
  const taken = new Set<string>()
  let section = ''
  const marked = new Marked({
    renderer: {
      heading(token) {
        const { id, title, depth } = headingOf(token, taken)
        section = title
        return `<h${depth} id="${id}" tabindex="-1"><a href="#${id}">${this.parser.parseInline(token.tokens)}</a></h${depth}>\n`
      },
      link({ href, tokens }) {
        return `<a href="${escape(addressOf(href, id))}">${this.parser.parseInline(tokens)}</a>`
      },
      html({ text }) {
        throw new Error(`${id}.md: HTML in the guide: ${text}`)
      },
      image({ href }) {
        throw new Error(`${id}.md: a picture would weigh more than all of the text: ${href}`)
      },
      // What scrolls can be reached by keyboard.
      code({ text }) {
        return `<pre tabindex="0"><code>${escape(text)}</code></pre>\n`
      },
      table({ header, rows }) {
        const cells = (tag: string, row: Tokens.TableCell[]) => row.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')
        const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('')
        const head = cells('th scope="col"', header).replaceAll('</th scope="col">', '</th>')
        return `<div class="table" role="group" tabindex="0" aria-label="${escape(section)}"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>\n`
      },
    },
  })
  return marked.parser(tokens)
}

function lexed(folder: string, name: string): Token[] {
  return new Marked().lexer(readFileSync(join(folder, name), 'utf8'))
}

function isHeading(token: Token): token is Tokens.Heading {
  return token.type === 'heading'
}

function headingsOf(tokens: Token[]): Heading[] {
  const taken = new Set<string>()
  return tokens.filter(isHeading).filter(({ depth }) => depth > 1).map((token) => headingOf(token, taken))
}

/** A heading and the address that it also has where the Markdown is shown as it is. */
function headingOf(token: Tokens.Heading, taken: Set<string>): Heading {
  const title = plain(token.tokens)
  const id = title.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-')
  if (taken.has(id)) throw new Error(`two headings «${title}» in one topic`)
  taken.add(id)
  return { id, title, depth: token.depth }
}

/** Where a link leads in the app: to another topic, a heading, or a page of another host. */
function addressOf(href: string, from: string): string {
  if (/^https:\/\//.test(href) || href.startsWith('#')) return href
  const found = /^([\w-]+)\.md(#[\w-]+)?$/.exec(href)
  if (!found) throw new Error(`${from}.md: a link that leads nowhere in the app: ${href}`)
  return `/help/${found[1]}${found[2] ?? ''}`
}

/** The words of what stands in a line. */
function plain(tokens: Token[]): string {
  return tokens.map((token) => ('tokens' in token && token.tokens ? plain(token.tokens) : 'text' in token ? unescaped(String(token.text)) : '')).join('')
}

const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }
const unescaped = (text: string) => text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity)
const escape = (text: string) => text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign)
