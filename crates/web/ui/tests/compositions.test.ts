// What a form sends for what is typed in it: the cases that the families are tested with, so that a field and `--set` mean the same.

import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import type { Knob, KnobKind } from '../src/lib/api'
import { typedValue } from '../src/lib/knobs'

interface Case {
  name: string
  set?: Record<string, string>
  typed?: Record<string, unknown>
}

const file = new URL('../../../models/tests/compositions.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }

/** The knobs of those cases whose values are typed, by what is read of them; others are chosen from a list. */
const integer: KnobKind = { type: 'integer', min: 0, max: 9, multiple_of: 1 }
const number: KnobKind = { type: 'number', min: 0, max: 9, is_logarithmic: false }
const list: KnobKind = { type: 'integer_list', min: 0, max: 9, len_min: 0, len_max: 9 }
const kinds = new Map<string, KnobKind>([
  ['capacity', integer],
  ['latent_size', integer],
  ['batch_size', integer],
  ['learning_rate', number],
  ['ratios', list],
  ['noise_ratios', list],
  ['decoder_ratios', list],
])

const typed = cases.flatMap(({ name, set = {}, typed = {} }) =>
  Object.entries(set).flatMap(([key, text]) => {
    const kind = kinds.get(key)
    return kind ? [{ name, key, text, kind, expected: key in typed ? typed[key] : text }] : []
  }),
)

test('there are cases of every kind of knob', () => {
  expect(new Set(typed.map(({ kind }) => kind.type))).toEqual(new Set(['integer', 'number', 'integer_list']))
})

test.each(typed)('$name: $key = $text', ({ kind, text, expected }) => {
  expect(typedValue({ kind } as Knob, text)).toEqual(expected)
})
