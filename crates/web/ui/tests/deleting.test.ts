// What deleting a dataset means for runs.

import { expect, test } from 'vitest'

import { lackedBy } from '../src/pages/datasets/deleting'

const runs = [
  { name: 'Bells small', dataset: 'bells-000001' },
  { name: 'Bells small 2', dataset: 'bells-000001' },
  { name: 'Drums', dataset: 'drums-000002' },
]

test.each<[string[], string]>([
  [[], ''],
  [['voice-000003'], ''],
  [['drums-000002'], 'The run “Drums” cannot be resumed without it'],
  [['bells-000001'], '2 runs cannot be resumed without it'],
  [['bells-000001', 'drums-000002'], '3 runs cannot be resumed without it'],
])('runs that need %j', (ids, expected) => {
  expect(lackedBy(ids, runs)).toBe(expected)
})
