import { expect, test } from 'vitest'

import type { Run, ScoreMetric } from '../src/lib/api'
import { changeOf, improvement, rankOf, scoreInfo } from '../src/lib/score'

const distance: ScoreMetric = { name: 'validation_distance', title: 'Validation distance', unit: '', is_smaller_better: true, is_logarithmic: false }
const reward: ScoreMetric = { name: 'reward', title: 'Reward', unit: 'points', is_smaller_better: false, is_logarithmic: false }
const run = (score_metric: ScoreMetric, first: number, latest: number): Run => ({ score_metric, score: { first, latest, best: latest } }) as Run

test('what is better depends on the score', () => {
  expect(improvement(run(distance, 9, 4))).toBe(5)
  expect(improvement(run(reward, 9, 4))).toBe(-5)
  expect(improvement({ score_metric: reward, score: null })).toBe(0)
})

test('the change is a share where there is one', () => {
  expect(changeOf(run(distance, 10, 5))).toBe(-0.5)
  expect(changeOf(run(reward, 0, 5))).toBeUndefined()
})

test('the best comes first, what was not measured last', () => {
  const sorted = (metric: ScoreMetric) => [undefined, 3, 1, 2].toSorted((a, b) => rankOf(a, metric) - rankOf(b, metric))
  expect(sorted(distance)).toEqual([1, 2, 3, undefined])
  expect(sorted(reward)).toEqual([3, 2, 1, undefined])
})

test('the score says what it is and what is better', () => {
  expect(scoreInfo(distance)).toBe('Validation distance: lower is better.')
  expect(scoreInfo(reward)).toBe('Reward (points): higher is better.')
})
