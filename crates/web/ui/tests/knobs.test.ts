// Knobs as a form shows them.

import { expect, test } from 'vitest'

import type { Knob, KnobKind, Origin } from '../src/lib/api'
import { defaultOf, groupsOf, rangeOf, shareOf, textOf, typedValue, valueAt } from '../src/lib/knobs'

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
  [integer, ' 64 ', 64],
  [integer, '6.4', 6.4],
  [integer, '8', 8],
  [integer, '', ''],
  [number, '1e-4', 1e-4],
  [number, 'much', 'much'],
  [list, '4,4,2', [4, 4, 2]],
  [list, '4 4, 2', [4, 4, 2]],
  [list, '4', [4]],
  [list, '', []],
  [list, '4,four', '4,four'],
  [{ type: 'text', len_max: 9 }, ' 12 ', ' 12 '],
])('%o of «%s» is sent as %j', (kind, text, expected) => {
  expect(typedValue(knob(kind), text)).toEqual(expected)
})

const seed: KnobKind = { type: 'integer', min: 0, max: Number.MAX_SAFE_INTEGER, multiple_of: 1 }

test('a number without an upper limit is not told of one', () => {
  expect(rangeOf(knob(seed))).toBe('Range 0 or more')
})

test.each<[KnobKind, string, string | undefined]>([
  [integer, 'samples', 'Range 16 to 256\u202fsamples, multiples of 16'],
  [{ type: 'integer', min: 1, max: 10_000_000, multiple_of: 1 }, '', 'Range 1 to 10,000,000'],
  [number, '', 'Range 1e-5 to 1'],
  [list, '', 'Range 2 to 4 numbers, 1 to 8 each'],
  [{ type: 'choice', options: ['a', 'b'] }, '', 'Options a, b'],
  [{ type: 'bool' }, '', undefined],
  [{ type: 'text', len_max: 9 }, '', undefined],
])('the range of %o in «%s»', (kind, unit, expected) => {
  expect(rangeOf(knob(kind, { unit }))).toBe(expected)
})

test.each<[unknown, unknown, Origin | undefined, string]>([
  [8, 8, undefined, 'Default 8'],
  [8, 4, { from: 'preset' }, 'Default 8 (preset: 4)'],
  [8, 4, { from: 'switch', name: 'noise' }, 'Default 8 (switch: 4)'],
  [1_000_000, 20_000, { from: 'preset' }, 'Default 1,000,000 (preset: 20,000)'],
  [true, false, undefined, 'Default on (preset: off)'],
  [[], [4, 2], undefined, 'Default none (preset: 4, 2)'],
])('default %j where it starts at %j', (standard, base, origin, expected) => {
  expect(defaultOf(knob(integer, { default: standard }), base, origin)).toBe(expected)
})

test('what a field shows is read back as the same value', () => {
  for (const [kind, value] of [[integer, 64], [number, 0.001], [list, [4, 4, 2]]] as const)
    expect(typedValue(knob(kind), textOf(value))).toEqual(value)
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
