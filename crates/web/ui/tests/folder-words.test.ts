// How many sounds are in a folder, said in words.

import { expect, test } from 'vitest'

import type { FolderListing } from '../src/lib/api'
import { soundsIn } from '../src/lib/folder-words'

const folder = (n_sounds: number, more: object = {}) => ({ path: '/', folders: [], n_sounds, ...more }) as FolderListing

test.each<[FolderListing, string]>([
  [folder(1, { n_sounds_below: 1, is_count_partial: false }), '1 sound file'],
  [folder(0, { n_sounds_below: 0, is_count_partial: false }), '0 sound files'],
  [folder(12, { n_sounds_below: 340, is_count_partial: false }), '340 sound files, 328 of them in sub-folders'],
  [folder(0, { n_sounds_below: 9000, is_count_partial: true }), 'At least 9,000 sound files, including sub-folders'],
  [folder(0, { n_sounds_below: 0, is_count_partial: true }), 'Too many folders to count'],
  [folder(3), '3 sound files, sub-folders not counted'],
])('%#: %s', (one, expected) => {
  expect(soundsIn(one, true)).toBe(expected)
})
