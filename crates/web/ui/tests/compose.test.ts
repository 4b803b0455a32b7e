// What layers of settings come to.

import { expect, test } from 'vitest'

import type { Family, Knob, OwnPreset } from '../src/lib/api'
import { compose, compositionText, defaultsOf, differences, layersOf, moved } from '../src/lib/compose'

const knob = (key: string, own: unknown): Knob => ({
  key,
  title: key,
  help: '',
  group: '',
  is_advanced: false,
  unit: '',
  default: own,
  kind: { type: 'bool' },
})
const knobs = ['a', 'b', 'c', 'rate'].map((key, i) => knob(key, i))
const named = { title: '', group: '', summary: '' }
const family: Family = {
  name: 'rave',
  title: 'RAVE',
  summary: '',
  knobs,
  presets: [{ ...named, name: 'v2', settings: { a: 'v2', b: 'v2' }, limit: { until: 'forever' } }],
  switches: [
    { ...named, name: 'causal', settings: { b: 'causal', c: 'causal' } },
    { ...named, name: 'noise', settings: { c: 'noise' } },
  ],
}
const mine: OwnPreset = {
  format: 1,
  id: 'my-voice',
  created_ms: 0,
  name: 'My voice',
  summary: '',
  family: 'rave',
  preset: 'v2',
  switches: ['causal'],
  settings: { b: 'mine', rate: 48 },
  limit: null,
}
const told = (base: Parameters<typeof layersOf>[2]) => {
  const { values, origins } = compose(knobs, layersOf(family, [mine], base))
  return knobs.map(({ key }) => {
    const origin = origins[key]
    return `${String(values[key])}:${origin?.from === 'switch' ? origin.name : origin?.from}`
  })
}

test.each<[Parameters<typeof layersOf>[2], string[]]>([
  [{ preset: 'v2', switches: [] }, ['v2:preset', 'v2:preset', '2:default', '3:default']],
  [{ preset: 'v2', switches: ['causal', 'noise'] }, ['v2:preset', 'causal:causal', 'noise:noise', '3:default']],
  [{ preset: 'v2', switches: ['noise', 'causal'] }, ['v2:preset', 'causal:causal', 'causal:causal', '3:default']],
  [{ preset: 'my-voice', switches: [] }, ['v2:preset', 'mine:preset', 'causal:causal', '48:preset']],
  [{ preset: 'my-voice', switches: ['causal'] }, ['v2:preset', 'causal:causal', 'causal:causal', '48:preset']],
  [{ preset: 'v2', switches: [], dataset: { rate: 22 } }, ['v2:preset', 'v2:preset', '2:default', '22:dataset']],
  [{ preset: 'my-voice', switches: [], dataset: { rate: 22 } }, ['v2:preset', 'mine:preset', 'causal:causal', '48:preset']],
  [{ preset: 'gone', switches: ['unknown'] }, ['0:default', '1:default', '2:default', '3:default']],
])('%j', (base, expected) => {
  expect(told(base)).toEqual(expected)
})

test('what differs, in the order of the knobs; what is missing has its default', () => {
  const there = { a: 9, b: 1 }
  expect(differences(knobs, { ...defaultsOf(knobs), c: 7 }, there).map(({ knob, here, there }) => [knob.key, here, there])).toEqual([
    ['a', 0, 9],
    ['c', 7, 2],
  ])
  expect(differences(knobs, defaultsOf(knobs), {})).toEqual([])
})

test.each<[number, number, string]>([
  [0, 1, 'bac'],
  [2, 0, 'cab'],
  [0, 9, 'bca'],
  [1, -1, 'bac'],
  [9, 0, 'abc'],
])('from %i to %i: %s', (from, to, expected) => {
  expect(moved(['a', 'b', 'c'], from, to).join('')).toBe(expected)
})

test('a composition is read from left to right', () => {
  expect(compositionText({ preset: 'v2' })).toBe('v2')
  expect(compositionText({ preset: 'v2', switches: ['causal', 'noise'], own_preset: null })).toBe('v2 + causal + noise')
  expect(compositionText({ preset: 'v2', switches: ['causal'], own_preset: { name: 'My voice' } })).toBe('My voice (v2 + causal)')
})
