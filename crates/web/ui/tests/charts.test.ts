import { expect, test } from 'vitest'

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

test('how the latent space is used has a group of its own', () => {
  const groups = chartsOf(['latent_fidelity_0.95', 'latent_active', 'latent_fidelity_0.8', 'codebook_usage'])
  expect(groups.map((group) => group.charts.map((chart) => chart.names))).toEqual([
    [['latent_active'], ['latent_fidelity_0.8', 'latent_fidelity_0.95'], ['codebook_usage']],
  ])
})
