// What the features bring fits together, and covers what the studio has.

import { readFileSync } from 'node:fs'

import { expect, test, vi } from 'vitest'

import type { Job, JobKind } from '../src/lib/api'
import { features } from '../src/lib/features'
import { startKinds } from '../src/lib/kind-rows.svelte'
import { hrefOf, isOf, kindOf, resumeOf, stopOf, wordOf } from '../src/lib/kinds'
import { t } from '../src/lib/i18n'
import { pageAt } from '../src/lib/pages'

const openapi = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8')) as { components: { schemas: { JobKind: { enum: JobKind[] } } } }
const kinds = openapi.components.schemas.JobKind.enum

test.each(kinds)('jobs of the kind %s lead to a page, and at most one feature has words for them', (kind) => {
  const own = features.filter((feature) => feature.kinds?.[kind])
  expect(own.length).toBeLessThanOrEqual(1)
  expect(kindOf(kind).title).toBe(own.length === 1 ? `job.${kind}` : 'job.unknown')
  expect(pageAt(new URL(hrefOf({ id: 'x-1', kind }), 'http://here').pathname)).not.toBeNull()
})

test('a kind that only a newer studio has is a job all the same', () => {
  const kind = 'dream' as JobKind
  expect(hrefOf({ id: 'x-1', kind })).toBe('/jobs/x-1')
  expect(isOf(kind, 'runs')).toBe(false)
})

test('what can be asked of a kind without pages is read from the studio', async () => {
  const kind = 'dream' as JobKind
  const job = (state: Job['state']): Job => ({ id: 'x-1', kind, project: 'default', name: 'X', created_ms: 0, state, progress: null, last_seq: 0, n_warnings: 0, dismissed: false })
  const [running, failed] = [job({ state: 'running', started_ms: 0, stopping: false }), job({ state: 'interrupted', started_ms: 0, noticed_ms: 0 })]
  expect(stopOf(running)).toBeUndefined()
  const row = { kind, word: 'dream', list: 'dreams', keeps_when_stopped: false, can_restart: true, has_trash: false }
  startKinds(() => Promise.resolve([row]))
  await vi.waitFor(() => expect(stopOf(running)?.title).toBe(t('action.cancel')))
  expect(resumeOf(failed)?.title).toBe(t('action.restart'))
  expect(resumeOf(running)).toBeUndefined()
  expect(wordOf(kind)).toBe('Dream')
})

test('every place in the rail has a page of its section, and a letter of its own', () => {
  for (const { section, place } of features) if (place) expect(pageAt(place.href)?.page.section, place.href).toBe(section)
  const letters = features.flatMap(({ place }) => place?.key ?? [])
  expect(new Set(letters).size).toBe(letters.length)
})
