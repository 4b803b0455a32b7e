// Which films are shown, and what is copied of them.

import { expect, test } from 'vitest'

import type { Episode, Film, FilmKind } from '../src/lib/api'
import { beside, chosen, lengthOf, unseen, type Wanted } from '../src/pages/films/choosing'
import { episodesFor } from '../src/pages/films/episodes'
import { sizeOf } from '../src/pages/films/looks'
import { chapterText } from '../src/pages/films/texts'

const film = (id: string, more: { game?: string; run?: string; kind?: FilmKind; secs?: number; isNew?: boolean; isLiked?: boolean } = {}) =>
  ({
    id,
    job: { name: `Film ${id}` },
    film: { run: more.run ?? 'r', kind: more.kind ?? 'milestone' },
    run_name: 'Quick brick',
    game: more.game ?? 'brick',
    result: more.secs === undefined ? null : { length_secs: more.secs, title: 'Brick, 30 %' },
    is_new: more.isNew ?? false,
    is_favourite: more.isLiked ?? false,
  }) as unknown as Film

const all = [
  film('a', { secs: 20, isNew: true }),
  film('b', { secs: 90, game: 'snake', run: 's', kind: 'journey', isLiked: true }),
  film('c', { secs: 600, kind: 'evaluation' }),
  film('d', { isNew: true }),
]

test.each<[string, Wanted, string]>([
  ['all', {}, 'abcd'],
  ['of a game', { game: 'snake' }, 'b'],
  ['of a run', { run: 'r' }, 'acd'],
  ['of a kind', { kind: 'evaluation' }, 'c'],
  ['short ones', { length: 'short' }, 'a'],
  ['long ones', { length: 'long' }, 'c'],
  ['favourites', { isFavourite: true }, 'b'],
  ['by words in any order', { text: 'snake  FILM' }, 'b'],
  ['by the title of what was made', { text: '30 %' }, 'abc'],
  ['all of it at once', { game: 'brick', kind: 'milestone', text: 'film' }, 'ad'],
  ['none', { text: 'film', game: 'maze' }, ''],
])('films: %s', (_, wanted, ids) => {
  expect(chosen(all, wanted).map(({ id }) => id).join('')).toBe(ids)
})

test.each<[number, string]>([
  [0, 'short'],
  [59.9, 'short'],
  [60, 'medium'],
  [299, 'medium'],
  [300, 'long'],
])('%s seconds are %s', (secs, length) => {
  expect(lengthOf(secs)).toBe(length)
})

test('only a finished film is new', () => {
  expect(unseen(all).map(({ id }) => id)).toEqual(['a'])
})

test('neighbours end at the ends', () => {
  expect(beside(all, 'b', 1)?.id).toBe('c')
  expect(beside(all, 'a', -1)).toBeUndefined()
  expect(beside(all, 'gone', 1)).toBeUndefined()
})

test('chapters begin at zero, one on a line', () => {
  const chapters = [
    { start_secs: 0.02, title: '0 %' },
    { start_secs: 75.4, title: '10 %' },
    { start_secs: 3700, title: 'Hour 2' },
  ]
  expect(chapterText(chapters)).toBe('0:00 0 %\n1:15 10 %\n1:01:40 Hour 2')
})

test('a size is known by its use, or is one of its own', () => {
  expect(sizeOf({ width: 720, height: 1280 })).toBe('shorts')
  expect(sizeOf({ width: 2, height: 2 })).toBeUndefined()
})

test('a film can be made of what was recorded', () => {
  const episodes = (['milestone', 'milestone', 'hour', 'evaluation'] as const).map((kind, i) => ({ kind, path: `${i}` }) as Episode)
  const paths = (kind: FilmKind, some = episodes) => episodesFor(kind, some).map(({ path }) => path).join('')
  expect(paths('milestone')).toBe('01')
  expect(paths('hour')).toBe('2')
  expect(paths('evaluation')).toBe('3')
  expect(paths('journey')).toBe('012')
  expect(paths('stages')).toBe('01')
  expect(paths('journey', episodes.slice(0, 1))).toBe('')
  expect(paths('stages', episodes.slice(1))).toBe('')
})
