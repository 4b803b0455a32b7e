// Which projects the switcher offers, what a project starts its runs from, and lists that hold what an address names.

import { expect, test } from 'vitest'

import type { Family, OwnPreset, Project } from '../src/lib/api'
import { withNamed } from '../src/lib/named'
import { recentFirst, remembered, stillThere } from '../src/lib/recents'
import { contentsText } from '../src/pages/projects/contents'
import { isDefaulted, NO_DEFAULTS, toldDefaults } from '../src/pages/projects/defaults'

const named = (...ids: string[]) => ids.map((id) => ({ id }))

test.each([
  ['the last chosen comes first', ['b', 'a'], 9, 'b a c d'],
  ['what is gone is left out', ['x', 'd'], 9, 'd a b c'],
  ['no more than are wanted', ['d'], 2, 'd a'],
  ['none chosen yet: as the studio has them', [], 9, 'a b c d'],
])('%s', (_, recent, most, wanted) => {
  const found = recentFirst(named('a', 'b', 'c', 'd'), recent, most)
  expect(found.map(({ id }) => id).join(' ')).toBe(wanted)
})

test('a project is remembered once, and the oldest is forgotten', () => {
  expect(remembered('c', ['a', 'c', 'b'], 3)).toEqual(['c', 'a', 'b'])
  expect(remembered('d', ['a', 'c', 'b'], 3)).toEqual(['d', 'a', 'c'])
})

test('a project that is gone gives way to all of them', () => {
  expect(stillThere('a', named('a', 'b'))).toBe('a')
  expect(stillThere('x', named('a', 'b'))).toBe('')
  expect(stillThere('', named('a'))).toBe('')
})

test('what an address names is in the list, wherever it lies', async () => {
  const ask = (id: string) => (id === 'gone' ? Promise.reject(new Error('gone')) : Promise.resolve({ id }))
  const ids = async (id: string | null) => (await withNamed(named('a'), id, ask)).map((one) => one.id)
  expect(await ids('a')).toEqual(['a'])
  expect(await ids('b')).toEqual(['a', 'b'])
  expect(await ids('gone')).toEqual(['a'])
  expect(await ids(null)).toEqual(['a'])
})

test('contents in words', () => {
  const of = (n_datasets: number, n_runs: number, n_models: number) => contentsText({ n_datasets, n_runs, n_models } as Project)
  expect(of(1, 12, 0)).toBe('1 dataset · 12 runs')
  expect(of(0, 0, 1)).toBe('1 model')
  expect(of(0, 0, 0)).toBe('Empty')
})

test('defaults in the words of the form; what is not known keeps its name', () => {
  const family = {
    presets: [{ name: 'sketch', title: 'Sketch' }],
    switches: [{ name: 'causal', title: 'Causal' }],
    knobs: [{ key: 'batch_size', title: 'Batch size', kind: { kind: 'number', min: 1, max: 64 } }],
  } as unknown as Family
  const own = [{ id: 'mine-1', name: 'My voice' }] as OwnPreset[]
  const told = toldDefaults({ preset: 'sketch', switches: ['causal', 'new'], settings: { batch_size: 4, other: true } }, family, own)
  expect(told).toEqual({ preset: 'Sketch', switches: ['Causal', 'new'], settings: [{ title: 'Batch size', value: '4' }, { title: 'other', value: 'true' }] })
  expect(toldDefaults({ preset: 'mine-1' }, family, own).preset).toBe('My voice')
  expect(toldDefaults({ preset: 'gone' }, undefined, []).preset).toBe('gone')
  expect(isDefaulted(NO_DEFAULTS)).toBe(false)
  expect(isDefaulted({ ...NO_DEFAULTS, limit: { until: 'forever' } })).toBe(true)
  expect(isDefaulted({ settings: { batch_size: 4 } })).toBe(true)
})
