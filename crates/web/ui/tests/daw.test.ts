// Where things of a project of another program are.

import { expect, test } from 'vitest'

import type { DawClip } from '../src/lib/api'
import { isProject } from '../src/lib/dropped'
import { barAt, barNumbers, clipAt, contentText, folderOf, nameOf, projectHref, tempoText } from '../src/pages/daw/places'

test('projects are known by their names, and so is what is in one that is a folder', () => {
  const check = (path: string, expected: boolean) => expect(isProject(path), path).toBe(expected)
  check('Song.rpp', true)
  check('a/b/Song.ALS', true)
  check('Song.logicx/Alternatives/000/ProjectData', true)
  check('/home/me/Song.logicx', true)
  check('.rpp', false)
  check('a.rpp/b.txt', false)
  check('a.wav', false)
})

test('a project is called by its file, and lies in its folder', () => {
  expect(nameOf('/a/b/My song.v2.rpp')).toBe('My song.v2')
  expect(nameOf('C:\\Songs\\x.als')).toBe('x')
  expect(nameOf('/a/Song.logicx/')).toBe('Song')
  expect(folderOf('/a/b/c.rpp')).toBe('/a/b')
  expect(new URLSearchParams(projectHref('/a b/c&d.rpp').split('?')[1]).get('path')).toBe('/a b/c&d.rpp')
})

const bars = [0, 2, 4, 7, 10]

test('times lie in bars, counted from one', () => {
  const check = (at: number, expected: number) => expect(barAt(bars, at), String(at)).toBe(expected)
  check(-1, 1)
  check(0, 1)
  check(1.99, 1)
  check(1.9999999, 2)
  check(5, 3)
  check(100, 5)
  expect(barAt([], 3)).toBe(1)
})

test('bars are numbered as far as there is room', () => {
  const all = Array.from({ length: 101 }, (_, i) => i * 2)
  const numbers = (width: number, view = { start: 0, end: 200 }) => barNumbers(all, view, width, 50).map(({ n }) => n)
  expect(numbers(10_000)).toHaveLength(101)
  expect(numbers(500).slice(0, 3)).toEqual([1, 17, 33])
  expect(numbers(500, { start: 100, end: 110 })).toEqual([51, 52, 53, 54, 55, 56])
  expect(barNumbers([], { start: 0, end: 1 }, 100, 10)).toEqual([])
})

const clip = (of: Partial<DawClip>): DawClip => ({ name: '', at_s: 0, length_s: 0, quarter: 0, notes: null, audio: null, from_s: 0, is_found: null, found_at: null, ...of })

test('of clips that lie over each other the last one is met', () => {
  const clips = [clip({ at_s: 0, length_s: 4 }), clip({ at_s: 2, length_s: 4 }), clip({ at_s: 8, length_s: 1 })]
  expect([1, 3, 5, 7, 8, 9].map((at) => clipAt(clips, at))).toEqual([0, 1, 1, undefined, 2, undefined])
})

test('tempos and contents are told in words', () => {
  expect(tempoText([])).toBe('120 BPM')
  const at = (bpm: number) => ({ at_s: 0, quarter: 0, bpm })
  expect(tempoText([at(92)])).toBe('92 BPM')
  expect(tempoText([at(92), at(120), at(80)])).toBe('80 to 120 BPM, 2 changes')
  expect(contentText(clip({ notes: 1 }))).toBe('1 note')
  expect(contentText(clip({ audio: 'a.wav', is_found: true }))).toBe('a.wav')
  expect(contentText(clip({ audio: 'a.wav', is_found: false }))).toBe('a.wav was not found')
})
