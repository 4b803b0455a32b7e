import { expect, test } from 'vitest'

import { metricTitle } from '$lib/metrics'

import { chartsOf } from '../src/pages/runs/charts'

test('metrics are drawn in groups, those that belong together in one chart', () => {
  const groups = chartsOf(['pred_fake', 'loss_dis', 'validation_distance', 'pred_real', 'brand_new'])
  expect(groups.map((group) => group.charts.map((chart) => chart.names))).toEqual([
    [['validation_distance']],
    [['loss_dis'], ['pred_real', 'pred_fake']],
    [['brand_new']],
  ])
})

test('no group is empty', () => {
  expect(chartsOf([])).toEqual([])
})

test('a metric without words keeps its name', () => {
  expect(metricTitle('brand_new')).toBe('brand_new')
  expect(metricTitle('learning_rate')).toBe('Learning rate')
})
