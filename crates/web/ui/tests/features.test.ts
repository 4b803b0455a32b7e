// What the features bring fits together, and covers what the studio has.

import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import type { JobKind } from '../src/lib/api'
import { features } from '../src/lib/features'
import { hrefOf, isOf, kindOf } from '../src/lib/kinds'
import { pageAt } from '../src/lib/pages'

const openapi = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8')) as { components: { schemas: { JobKind: { enum: JobKind[] } } } }
const kinds = openapi.components.schemas.JobKind.enum

test.each(kinds)('jobs of the kind %s have a name and lead to a page', (kind) => {
  expect(features.filter((feature) => feature.kinds?.[kind])).toHaveLength(1)
  expect(kindOf(kind).title).toBe(`job.${kind}`)
  expect(pageAt(new URL(hrefOf({ id: 'x-1', kind }), 'http://here').pathname)).not.toBeNull()
})

test('a kind that only a newer studio has is a job all the same', () => {
  const kind = 'dream' as JobKind
  expect(hrefOf({ id: 'x-1', kind })).toBe('/')
  expect(isOf(kind, 'runs')).toBe(false)
})

test('every place in the rail has a page of its section, and a letter of its own', () => {
  for (const { section, place } of features) if (place) expect(pageAt(place.href)?.page.section, place.href).toBe(section)
  const letters = features.flatMap(({ place }) => place?.key ?? [])
  expect(new Set(letters).size).toBe(letters.length)
})
