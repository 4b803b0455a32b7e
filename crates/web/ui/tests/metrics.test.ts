// Every number that a run can report has a name for people.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

import { type PlainKey, t } from '$lib/i18n'
import { metricTitle } from '$lib/metrics'

import { chartsOf } from '../src/pages/runs/charts'

const KNOWN = [
  'adversarial',
  'beta_factor',
  'codebook_perplexity',
  'codebook_usage',
  'codes_revived',
  'feature_matching',
  'fullband_spectral_distance',
  'grad_norm',
  'latent_active',
  'latent_fidelity_0.8',
  'latent_fidelity_0.9',
  'latent_fidelity_0.95',
  'latent_fidelity_0.99',
  'learning_rate',
  'learning_rate_discriminator',
  'level_difference_db',
  'log_spectral_distance_db',
  'loss_dis',
  'loss_scale',
  'loss_total',
  'multiband_spectral_distance',
  'pred_fake',
  'pred_real',
  'regularization',
  'steps_per_sec',
  'validation_distance',
  'validation_fullband_distance',
]

/** Names that the training and the worker give to numbers, as their sources spell them. */
function reported(): string[] {
  const crates = fileURLToPath(new URL('../../../', import.meta.url))
  const sources = ['models/src/rave/train.rs', 'models/src/rave/train/', 'models/src/rave/space.rs', 'models/src/rave/network/', 'worker/src/jobs/train.rs', 'worker/src/jobs/train/', 'worker/src/jobs/reconstruct.rs']
  const files = sources.flatMap((path) =>
    path.endsWith('/') ? readdirSync(crates + path, { recursive: true, encoding: 'utf8' }).map((name) => path + name) : [path],
  )
  const text = files.filter((path) => path.endsWith('.rs') && !/tests/.test(path)).map((path) => readFileSync(crates + path, 'utf8')).join('\n')
  const ways = [
    /metrics\.(?:note|watch|watch_times)\(\s*"([\w.]+)"/g,
    /values\.(?:push\(\(|insert\(\s*)"([\w.]+)"/g,
    /\("(latent_(?:active|fidelity_[\d.]+))", (?:self|n)\b/g,
    /\("(code\w+)", /g,
    /\("(validation_\w+)", /g,
    /"(\w+_db)"\.to_owned\(\)/g,
  ]
  return [...new Set(ways.flatMap((way) => [...text.matchAll(way)].map(([, name]) => name ?? '')))].sort()
}

test('the list is that of the sources', () => {
  expect(KNOWN).toEqual(expect.arrayContaining(reported()))
  expect(reported().length).toBeGreaterThan(20)
})

/** Names that agents give to numbers: those of Stable-Baselines3. */
function played(): string[] {
  const folder = fileURLToPath(new URL('../../../models/src/agent/', import.meta.url))
  const files = readdirSync(folder).filter((name) => name.endsWith('.rs'))
  const text = files.map((name) => readFileSync(folder + name, 'utf8')).join('\n')
  return [...new Set([...text.matchAll(/"((?:rollout|train|eval|time)\/\w+)"/g)].map(([, name]) => name ?? ''))].sort()
}

test('every number of an agent has a name', () => {
  const names = played()
  expect(names.length).toBeGreaterThan(10)
  for (const name of names) {
    expect(t(`metric.${name}` as PlainKey), name).toBeTruthy()
    expect(metricTitle(name)).not.toMatch(/_|\/|\{/)
  }
  expect(chartsOf(names).map(({ title }) => title)).toEqual([t('charts.play'), t('charts.policy')])
})

test.each(KNOWN)('%s has a name', (name) => {
  expect(metricTitle(name)).not.toMatch(/_|\{/)
  expect(name.startsWith('latent_fidelity_') || t(`metric.${name}` as PlainKey)).toBeTruthy()
})

test('no chart is named by a key', () => {
  for (const { charts } of chartsOf(KNOWN)) for (const { title } of charts) expect(title).not.toMatch(/_/)
})

test('what came from elsewhere is spelt out', () => {
  expect(metricTitle('latent_fidelity_0.8')).toBe('Latent dimensions for 80% fidelity')
  expect(metricTitle('brand_new')).toBe('Brand new')
})
