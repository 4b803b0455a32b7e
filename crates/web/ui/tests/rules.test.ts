// Rules of our own that no tool checks.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

const src = fileURLToPath(new URL('../src/', import.meta.url))
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(svelte|ts)$/.test(name))
const read = (name: string) => readFileSync(src + name, 'utf8')
const components = files.filter((name) => name.endsWith('.svelte'))

test.each(components)('%s: whatever is awaited in a template has a {:catch}', (name) => {
  const text = read(name)
  expect(text.match(/\{:catch/g)?.length ?? 0).toBe(text.match(/\{#await/g)?.length ?? 0)
})

// Pictures of sound have colours of their own, the same in every theme.
test.each(components.filter((name) => !name.startsWith('instruments/')))('%s: colours and sizes of text come from the tokens', (name) => {
  const style = /<style>([^]*)<\/style>/.exec(read(name))?.[1] ?? ''
  expect(style).not.toMatch(/#[0-9a-f]{3,8}\b/i)
  expect(style).not.toMatch(/font-size:\s*\d+px/)
})

test.each(files.filter((name) => name.startsWith('pages/') || name.startsWith('components/')))(
  '%s: asks the studio through lib/api',
  (name) => {
    expect(read(name)).not.toMatch(/\bfetch\(/)
  },
)
