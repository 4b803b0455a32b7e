// Every word in the dictionary is said somewhere.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

const src = fileURLToPath(new URL('../src/', import.meta.url))
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(svelte|ts)$/.test(name))
const isDictionary = (name: string) => name.startsWith('lib/i18n/en/')

const keys = files
  .filter(isDictionary)
  .flatMap((name) => [...readFileSync(src + name, 'utf8').matchAll(/^ {2}'([\w.]+)':/gm)].map(([, key]) => key ?? ''))
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
