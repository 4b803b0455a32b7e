// What the dashboard makes of the library.

import { expect, test } from 'vitest'

import type { Dataset, Export, Job, Model, Run, Sample } from '../src/lib/api'
import { hasTrained, needing, newestSamples, nextSteps, runToHear } from '../src/pages/dashboard/library'

const job = (state: object, more: object = {}) => ({ id: 'j', kind: 'train', name: 'J', created_ms: 0, state, ...more }) as unknown as Job
const run = (id: string, first?: number, latest?: number, step = 100) =>
  ({ id, name: id, dataset: 'd', step, job: job({ state: 'done' }), score_metric: { is_smaller_better: true }, score: first === undefined ? null : { first, latest, best: first } }) as unknown as Run

test.each<[string, Run[], string | undefined]>([
  ['the newest that got better', [run('b', 9, 4), run('a', 9, 2)], 'b'],
  ['one that only has its first measure is noise', [run('b', 9, 9), run('a', 9, 2)], 'a'],
  ['one that got worse', [run('b', 9, 2e6), run('a', 9, 2)], 'a'],
  ['one that was never measured', [run('b')], undefined],
  ['one that stands at its start', [run('b', 9, 4, 0)], undefined],
])('to hear: %s', (_, runs, id) => {
  expect(runToHear(runs)?.id).toBe(id)
})

test('samples of step 0 are not heard, and of each sound the newest is', () => {
  const sample = (name: string, step: number, medium = 'sound') => ({ name, step, medium, rendered: `${name}-${step}` }) as Sample
  const found = newestSamples([sample('a', 0), sample('b', 0), sample('a', 50), sample('a', 100), sample('screen.png', 100, 'picture')], 4)
  expect(found.map((one) => one.rendered)).toEqual(['a-100'])
})

test.each<[string, Job, boolean]>([
  ['has just begun', job({ state: 'running' }, { progress: { elapsed_secs: 5 } }), false],
  ['runs for a minute', job({ state: 'running' }, { progress: { elapsed_secs: 61 } }), true],
  ['was stopped at once', job({ state: 'stopped' }, { progress: { elapsed_secs: 5 } }), false],
  ['is done', job({ state: 'done' }, { progress: { elapsed_secs: 20 } }), true],
  ['is another job', job({ state: 'done' }, { kind: 'prepare' }), false],
])('a training that %s counts as a minute: %#', (_, one, expected) => {
  expect(hasTrained([one])).toBe(expected)
})

test('what was put aside does not ask for attention', () => {
  const jobs = [job({ state: 'failed' }, { id: 'a', dismissed: true }), job({ state: 'interrupted' }, { id: 'b' }), job({ state: 'done' }, { id: 'c' })]
  expect(needing(jobs).map((one) => one.id)).toEqual(['b'])
})

test('next: train what nobody trained on, keep what learned, export what was kept', () => {
  const datasets = [{ id: 'new', name: 'New', summary: {} }, { id: 'd', name: 'D', summary: {} }] as unknown as Dataset[]
  const models = [{ id: 'm', name: 'M', lineage: { run: 'other' } }] as unknown as Model[]
  const all = { datasets, runs: [run('r', 9, 4)], models, exports: [] as Export[] }
  expect(nextSteps(all).map(({ what, name }) => `${what} ${name}`)).toEqual(['train New', 'keep r', 'export M'])
  const sent = [{ task: { model: { from: 'library', id: 'm' } } }] as unknown as Export[]
  const kept = [{ id: 'm', name: 'M', lineage: { run: 'r' } }] as unknown as Model[]
  expect(nextSteps({ ...all, datasets: datasets.slice(1), models: kept, exports: sent })).toEqual([])
})
