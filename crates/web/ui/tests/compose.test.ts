// Settings beside each other, and what they are made of in words.

import { expect, test } from 'vitest'

import type { Knob } from '../src/lib/api'
import { compositionText, defaultsOf, differences, moved } from '../src/lib/compose'

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
