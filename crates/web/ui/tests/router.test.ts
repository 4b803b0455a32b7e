// Which page an address leads to.

import { expect, test } from 'vitest'

import { pageAt, pages } from '../src/lib/pages'
import { match } from '../src/lib/router.svelte'

test.each([
  ['/', '/', {}],
  ['/datasets', '/datasets', {}],
  ['/datasets/', '/datasets', {}],
  ['/datasets/new', '/datasets', null],
  ['/datasets/:id', '/datasets/notes-3f9a2c', { id: 'notes-3f9a2c' }],
  ['/datasets/:id', '/datasets/a%20b', { id: 'a b' }],
  ['/datasets/:id', '/datasets/%', { id: '%' }],
  ['/datasets/:id', '/datasets', null],
  ['/runs/:id', '/runs/a/b', null],
])('%s against %s', (pattern, path, expected) => {
  expect(match(pattern, path)).toEqual(expected)
})

test.each([
  ['/', '/'],
  ['/datasets/new', '/datasets/new'],
  ['/datasets/newer', '/datasets/:id'],
  ['/runs/new', '/runs/new'],
  ['/nowhere', undefined],
])('%s is the page %s', (path, pattern) => {
  expect(pageAt(path)?.page.pattern).toBe(pattern)
})

test('no page hides another', () => {
  for (const page of pages) {
    const example = page.pattern.replace(/:\w+/g, 'x')
    expect(pageAt(example)?.page.pattern).toBe(page.pattern)
  }
})
