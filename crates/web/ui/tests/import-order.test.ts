// What an import is asked to take, from what was ticked.

import { expect, test } from 'vitest'

import type { Finding, Findings, ImportTask } from '$lib/api'

import { orderOf } from '../src/pages/import/order'

const finding = (key: string, kind: Finding['kind']): Finding => ({ key, kind, name: key, what: '', becomes: '', bytes: 1, notes: [] })
const [run, dataset, here] = [finding('runs/a', 'run'), finding('loops', 'dataset'), finding('.', 'run')]
const found: Findings = { path: '/old', items: [], unreadable: [], is_cut: false }
const plain = { path: '/old', name: null, as_model: false }

const check = (chosen: Finding[], name: string, isModelOnly: boolean, expected: ImportTask) =>
  expect(orderOf(found, { chosen, name, isModelOnly })).toEqual(expected)

test('what is ticked is named by its keys', () => {
  check([dataset, run], '', false, { ...plain, items: ['loops', 'runs/a'] })
})

test('a name is for one thing', () => {
  check([dataset], ' Mine ', false, { ...plain, items: ['loops'], name: 'Mine' })
  check([dataset, run], 'Mine', false, { ...plain, items: ['loops', 'runs/a'] })
})

test('only one run can become a model', () => {
  check([run], '', true, { path: '/old/runs/a', items: [], name: null, as_model: true })
  check([here], 'Best', true, { path: '/old', items: [], name: 'Best', as_model: true })
  check([dataset], '', true, { ...plain, items: ['loops'] })
  check([dataset, run], '', true, { ...plain, items: ['loops', 'runs/a'] })
})
