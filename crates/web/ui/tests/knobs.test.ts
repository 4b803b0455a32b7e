// What a form makes of what was typed.

import { expect, test } from 'vitest'

import type { Knob, KnobKind } from '../src/lib/api'
import { groupsOf, parseKnob, shareOf, textOf, valueAt } from '../src/lib/knobs'

const knob = (kind: KnobKind, rest: Partial<Knob> = {}): Knob => ({
  key: 'k',
  title: 'K',
  help: '',
  group: '',
  is_advanced: false,
  unit: '',
  default: null,
  kind,
  ...rest,
})
const integer: KnobKind = { type: 'integer', min: 16, max: 256, multiple_of: 16 }
const number: KnobKind = { type: 'number', min: 1e-5, max: 1, is_logarithmic: true }
const listOrNone: KnobKind = { type: 'integer_list', min: 1, max: 8, len_min: 0, len_max: 4 }
const list: KnobKind = { type: 'integer_list', min: 1, max: 8, len_min: 2, len_max: 4 }

test.each<[KnobKind, string, unknown]>([
  [integer, '64', { value: 64 }],
  [integer, ' 64 ', { value: 64 }],
  [integer, '6.4', { message: 'Write a whole number.' }],
  [integer, '', { message: 'Write a whole number.' }],
  [integer, '8', { message: 'Between 16 and 256.' }],
  [integer, '65', { message: 'A multiple of 16.' }],
  [number, '1e-4', { value: 1e-4 }],
  [number, 'much', { message: 'Write a number.' }],
  [number, '2', { message: 'Between 1.00e-5 and 1.' }],
  [{ type: 'bool' }, 'true', { value: true }],
  [{ type: 'choice', options: ['a', 'b'] }, 'b', { value: 'b' }],
  [list, '4,4,2', { value: [4, 4, 2] }],
  [list, '4 4, 2', { value: [4, 4, 2] }],
  [list, '4', { message: 'Between 2 and 4 numbers.' }],
  [list, '4,9', { message: 'Between 1 and 8.' }],
  [listOrNone, '', { value: [] }],
  [list, '', { message: 'Write whole numbers with commas between, like 4,4,2.' }],
  [list, 'four', { message: 'Write whole numbers with commas between, like 4,4,2.' }],
])('%o of «%s»', (kind, text, expected) => {
  expect(parseKnob(knob(kind), text)).toEqual(expected)
})

test('what a field shows is read back as the same value', () => {
  for (const [kind, value] of [[integer, 64], [number, 0.001], [list, [4, 4, 2]], [{ type: 'bool' }, true]] as const)
    expect(parseKnob(knob(kind), textOf(value))).toEqual({ value })
})

test('a logarithmic slider goes by factors', () => {
  if (number.type !== 'number') throw new Error('unreachable')
  expect(shareOf(number, 1e-5)).toBe(0)
  expect(shareOf(number, 1)).toBe(1)
  expect(valueAt(number, 0.4)).toBeCloseTo(1e-3, 6)
  for (const value of [1e-5, 1e-3, 0.5]) expect(valueAt(number, shareOf(number, value))).toBeCloseTo(value, 6)
})

test('groups keep the order of the family', () => {
  const knobs = ['b', 'a', 'b'].map((group) => knob({ type: 'bool' }, { group }))
  expect(groupsOf(knobs).map(({ name, knobs }) => [name, knobs.length])).toEqual([
    ['b', 2],
    ['a', 1],
  ])
})
