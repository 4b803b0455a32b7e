// Settings that differ between several runs.

import { expect, test } from 'vitest'

import type { Knob } from '../src/lib/api'
import { differing } from '../src/pages/compare/differing'

const knob = (key: string, value: unknown) => ({ key, default: value }) as Knob
const knobs = [knob('rate', 44_100), knob('seed', 0), knob('ratios', [4, 4])]

test.each([
  ['the same', [{}, { rate: 44_100, ratios: [4, 4] }], []],
  ['one of three', [{ seed: 1 }, { seed: 1 }, {}], ['seed']],
  ['lists by what they hold', [{ ratios: [4, 4] }, { ratios: [4, 2] }], ['ratios']],
])('%s', (_, all, expected) => {
  expect(differing(knobs, all).map((one) => one.knob.key)).toEqual(expected)
})
