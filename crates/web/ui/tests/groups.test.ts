// Files of a dataset that hold the same sound.

import { expect, test } from 'vitest'

import type { DatasetDetail, SoundGroup } from '../src/lib/api'
import { duplicatesOf, groupsOf } from '../src/pages/datasets/groups'

const dataset = (groups?: SoundGroup[]) =>
  ({ files: [3, 5, 8, 9].map((idx) => ({ idx, path: `${idx}.wav` })), groups }) as unknown as DatasetDetail

test('identical sound comes first, and a file is found by its place, not by its row', () => {
  const found = groupsOf(dataset([{ kind: 'near', files: [3, 9] }, { kind: 'exact', files: [5, 8] }]))
  expect(found.map(({ kind, files }) => [kind, files.map((file) => file.path)])).toEqual([
    ['exact', ['5.wav', '8.wav']],
    ['near', ['3.wav', '9.wav']],
  ])
})

test.each<[string, SoundGroup[] | undefined, number]>([
  ['no groups', [], 0],
  ['an older dataset', undefined, 0],
  ['a group of three and one of two', [{ kind: 'exact', files: [3, 5, 8] }, { kind: 'near', files: [8, 9] }], 3],
  ['a file that is not there', [{ kind: 'exact', files: [3, 77] }], 0],
])('%s', (_, groups, n) => {
  expect(duplicatesOf(dataset(groups))).toBe(n)
})
