// Every word in the dictionary is said somewhere.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

const src = fileURLToPath(new URL('../src/', import.meta.url))
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(svelte|ts)$/.test(name))
const isDictionary = (name: string) => name.startsWith('lib/i18n/en/') || name.endsWith('/en.ts')

const keysOf = (name: string) => [...readFileSync(src + name, 'utf8').matchAll(/^ {2}'([\w.]+)':/gm)].map(([, key]) => key ?? '')
const keys = files
  .filter(isDictionary)
  .flatMap(keysOf)
const code = files.filter((name) => !isDictionary(name)).map((name) => readFileSync(src + name, 'utf8')).join('\n')
/** Beginnings of keys that are put together: `state.${word}`. */
const beginnings = [...code.matchAll(/`([\w.]+\.)\$\{/g)].map(([, beginning]) => beginning ?? '')

test('no key is left over', () => {
  const unused = keys.filter((key) => {
    const stem = key.replace(/_(one|other)$/, '')
    return !code.includes(`'${stem}'`) && !beginnings.some((beginning) => key.startsWith(beginning))
  })
  expect(unused).toEqual([])
})

test('no key is in two places', () => {
  expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([])
})

/** Whether some code says a word of a dictionary. */
function says(text: string, words: string[]): boolean {
  const starts = [...text.matchAll(/`([\w.]+\.)\$\{/g)].map(([, start]) => start ?? '')
  return words.some((key) => text.includes(`'${key.replace(/_(one|other)$/, '')}'`) || starts.some((start) => key.startsWith(start)))
}

test.each(files.filter((name) => name.endsWith('/en.ts')))('whoever says a word of %s imports it', (dictionary) => {
  const words = keysOf(dictionary)
  const speakers = files.filter((name) => !isDictionary(name) && says(readFileSync(src + name, 'utf8'), words))
  const folder = dictionary.replace(/en\.ts$/, '')
  for (const name of speakers) {
    const depth = name.slice(folder.length).split('/').length - 1
    const within = depth === 0 ? './en' : `${'../'.repeat(depth)}en`
    const path = name.startsWith(folder) ? within : `../${folder.split('/').at(-2)}/en`
    expect(readFileSync(src + name, 'utf8'), name).toContain(`import '${path}'`)
    // What every feature brings is on the first screen, where its words are not.
    expect(name).not.toMatch(/^(lib|shell|components)\/|\/feature\.ts$/)
  }
})
