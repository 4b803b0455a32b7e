// The page about health: what needs the person, what jobs take, what takes space, the limit that was typed.

import { expect, test } from 'vitest'

import type { Job, SystemHealth } from '../src/lib/api'
import { limitOf, limitsWithin, memoryOfJobs, needsOf, spaceName } from '../src/pages/health/health'

const job: Job = { id: 'x-1', kind: 'generate', project: 'default', name: 'X', created_ms: 0, state: { state: 'queued', place: 0 }, progress: null, last_seq: 0, n_warnings: 0, dismissed: false }
const health = (changes: Partial<SystemHealth> = {}): SystemHealth => ({
  doctor: { version: '1', machine: { system: 'linux', cpu: 'x', n_cores: 2, simd: 'AVX', memory_bytes: 8e9, memory_free_bytes: 4e9, disk_free_bytes: 1e9, cpu_percent: null }, checks: [{ name: 'Disk', status: 'ok', found: 'space' }] },
  started_ms: 0,
  memory_limit_bytes: 6e9,
  running: [],
  kept_models: [],
  queued: [],
  failures: [],
  waiting_flows: [],
  n_missing_vectors: 0,
  n_unreadable: 0,
  space: [],
  ...changes,
})

test('nothing needs the person where all is well', () => {
  expect(needsOf(health())).toEqual([])
})

test('what needs the person is said in order, with where it is', () => {
  const { doctor } = health()
  const dismissed = { ...job, id: 'x-2', dismissed: true }
  const ill = health({ doctor: { ...doctor, checks: [...doctor.checks, { name: 'Audio', status: 'warning', found: 'none' }] }, failures: [{ job, ended_ms: 1 }, { job: dismissed, ended_ms: 1 }], waiting_flows: ['a', 'b'], n_missing_vectors: 3, n_unreadable: 1 })
  expect(needsOf(ill)).toEqual([
    { text: '2 flows are waiting for you', href: '#health-flows' },
    { text: '1 job failed in the last seven days', href: '#health-failures' },
    { text: '1 check found a problem', href: '#health-checks' },
    { text: '3 patterns in the memory have no vector', href: '/memory' },
    { text: '1 folder cannot be read', href: '#health-unreadable' },
  ])
})

test('a job counts with what it takes, else with what it was said to need', () => {
  const running = [{ job, needs_bytes: 5, memory_bytes: 3 }, { job, needs_bytes: 7, memory_bytes: null }, { job, needs_bytes: null, memory_bytes: null }]
  expect(memoryOfJobs({ running, kept_models: [{ job: 'Y', memory_bytes: 2 }, { job: 'Z' }] })).toBe(12)
})

test('sorts of things have names, also unknown ones', () => {
  expect([spaceName('memory-jobs'), spaceName('sounds'), spaceName('dreams')]).toEqual(['Memory jobs', 'Kept sounds', 'dreams'])
})

test.each([
  ['', null],
  ['4', 4e9],
  ['0,5', 5e8],
  ['-1', undefined],
  ['0', undefined],
  ['0,1', undefined],
  ['25.1', 25.1e9],
  ['9999', undefined],
  ['much', undefined],
])('a limit of «%s» is %s', (text, bytes) => {
  expect(limitOf(text, 25.17e9)).toBe(bytes)
})

test('the limits that are said are limits that can be set', () => {
  const { least, most } = limitsWithin(25.17e9)
  expect([least, most]).toEqual(['0.27', '25.1'])
  for (const one of [least, most]) expect(limitOf(one, 25.17e9)).toBeDefined()
})
