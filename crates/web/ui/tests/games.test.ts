// Scales, milestones and leaderboards of games.

import { expect, test } from 'vitest'

import type { Episode, Film, Game, Job, Run } from '../src/lib/api'
import { keysOf } from '../src/pages/games/keys'
import { bestRun, leadersOf, runsOf } from '../src/pages/games/leaders'
import { filmOf, milestonesOf, newestFilm, tenthOf } from '../src/pages/games/milestones'
import { marksOf, markText, rankText, rowsOf, scoreText, startOf, yardsticksOf } from '../src/pages/games/scale'

const game = {
  key: 'brick',
  yardsticks: [
    { player: 'random', score: 2, is_estimate: false },
    { player: 'scripted', score: 180, is_estimate: false },
    { player: 'person', score: 30, is_estimate: true },
    { player: 'oracle', score: 999, is_estimate: false },
  ],
} as unknown as Game

test('yardsticks are in order, and one that is not known here is left out', () => {
  expect(yardsticksOf(game).map(({ who, score }) => [who, score])).toEqual([
    ['random', 2],
    ['person', 30],
    ['scripted', 180],
  ])
})

test.each<[string, number[], number[]]>([
  ['from the lowest to the highest', [0, 50, 100], [0, 0.5, 1]],
  ['below zero', [-200, -119, -150], [0, 50 / 81, 1]],
  ['an agent beyond all yardsticks', [0, 100, 400], [0, 0.25, 1]],
  ['equal scores', [5, 5], [0, 0]],
  ['a score that is not a number', [0, Number.NaN, 10], [0, 1]],
])('a scale goes %s', (_, scores, at) => {
  const marks = marksOf(scores.map((score) => ({ who: 'best', score, isEstimate: false })))
  expect(marks.map((mark) => mark.at)).toEqual(at.map((place) => expect.closeTo(place, 9)))
})

test.each<[number, string]>([
  [0.16, '0.2'],
  [-10.7, '−10.7'],
  [-0.01, '0'],
  [180, '180'],
  [329.4, '329'],
  [12345.6, '12,346'],
])('a score of %s reads %s', (score, text) => {
  expect(scoreText(score)).toBe(text)
})

test('an estimate says so', () => {
  expect(markText({ who: 'person', score: 30, isEstimate: true })).toBe('A person about 30 (estimate)')
  expect(markText({ who: 'random', score: 1.8, isEstimate: false })).toBe('Random play 1.8')
})

test.each<[number, string]>([
  [0, 'Not better than random play yet'],
  [20, 'Better than random play'],
  [30, 'Better than a person'],
  [500, 'Better than the scripted player'],
])('a score of %s ranks: %s', (score, text) => {
  expect(rankText(score, game)).toBe(text)
})

test('labels that would overlap stand below each other, and all stay within the scale', () => {
  const label = (at: number, width = 0.2) => ({ at, width })
  expect(rowsOf([label(0), label(0.5), label(1)])).toEqual([0, 0, 0])
  expect(rowsOf([label(0), label(0.05), label(0.1), label(1)])).toEqual([0, 1, 2, 0])
  expect(startOf(0, 0.2)).toBe(0)
  expect(startOf(1, 0.2)).toBeCloseTo(0.8)
})

const episode = (tenth: number, more: Partial<Episode> = {}) =>
  ({ path: `episodes/milestone-${tenth}.json`, kind: 'milestone', title: `${10 * tenth} %`, share: tenth / 10, score: tenth, ...more }) as Episode
const job = (state: string) => ({ id: `j-${state}`, kind: 'film', state: { state } }) as unknown as Job
const film = (path: string, state: string, more: object = {}) =>
  ({ id: `${path} ${state}`, film: { kind: 'milestone', episodes: [path] }, job: job(state), result: state === 'done' ? { step: 1 } : null, ...more }) as unknown as Film

test('a milestone is of the tenth in which it was recorded', () => {
  expect([0, 0.1, 0.3, 0.57, 0.999, 1].map((share) => tenthOf({ share }))).toEqual([0, 1, 3, 5, 9, 10])
  expect(tenthOf({ share: null })).toBe(0)
})

test('milestones fill up as a training goes on', () => {
  const recorded = [0, 1, 3, 4, 5].map((tenth) => episode(tenth))
  const path = (tenth: number) => episode(tenth).path
  const films = [film(path(5), 'queued'), film(path(4), 'running'), film(path(3), 'failed'), film(path(0), 'done')]
  const states = milestonesOf(recorded, films).map(({ state }) => state)
  expect(states).toEqual(['ready', 'recorded', 'skipped', 'failed', 'rendering', 'rendering', 'coming', 'coming', 'coming', 'coming', 'coming'])
})

test('nothing is recorded yet, and hours are no milestones', () => {
  expect(milestonesOf([], []).map(({ state }) => state)).toEqual(Array.from({ length: 11 }, () => 'coming'))
  expect(milestonesOf([episode(0, { kind: 'hour' })], []).every(({ state }) => state === 'coming')).toBe(true)
})

test('of several films of an episode, a finished one is shown', () => {
  const one = episode(2)
  const films = [film(one.path, 'running'), film(one.path, 'done'), film(one.path, 'failed')]
  expect(filmOf(one, films)).toBe(films[1])
  expect(filmOf(one, [film(one.path, 'failed'), film(one.path, 'queued')])?.job.state.state).toBe('queued')
  expect(filmOf(one, [film('episodes/other.json', 'done')])).toBeUndefined()
})

test('the newest film is that of the highest step, and not one of the whole training', () => {
  const done = (id: string, step: number, kind = 'milestone') => ({ ...film(id, 'done'), id, result: { step }, film: { kind, episodes: [] } }) as unknown as Film
  expect(newestFilm([done('journey', 900, 'journey'), done('b', 300), done('a', 0), film('c', 'running')])?.id).toBe('b')
  expect(newestFilm([done('journey', 900, 'journey')])?.id).toBe('journey')
  expect(newestFilm([])).toBeUndefined()
})

const run = (id: string, latest?: number, best = latest, its = 'brick') =>
  ({ id, game: its, score_metric: { is_smaller_better: false }, score: latest === undefined ? null : { first: 0, latest, best } }) as unknown as Run

test('the leaderboard has agents among yardsticks, the best first', () => {
  const runs = [run('weak', 10), run('strong', 40, 200), run('unmeasured')]
  expect(leadersOf(game, runs).map(({ run, who }) => run?.id ?? who)).toEqual(['strong', 'scripted', 'person', 'weak', 'random'])
  const [first] = leadersOf(game, runs, 1_000_000)
  expect(first).toEqual({ score: 1_000_000, isMine: true, isEstimate: false })
  expect(bestRun(runs)).toMatchObject({ run: { id: 'strong' }, score: 200 })
  expect(bestRun([run('unmeasured')])).toBeUndefined()
  expect(runsOf([...runs, run('other', 1, 1, 'snake')], 'snake').map(({ id }) => id)).toEqual(['other'])
})

test.each<[string, string[]]>([
  ['ArrowLeft', ['←']],
  ['Space', ['Space']],
  ['ArrowLeft+Space', ['←', 'Space']],
  ['KeyA', ['A']],
])('the key %s is printed as %s', (code, printed) => {
  expect(keysOf(code)).toEqual(printed)
})
