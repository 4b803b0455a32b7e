// What screen readers are told about a job: milestones, never every tick.

import { expect, test } from 'vitest'

import type { Job, JobState } from '../src/lib/api'
import { newsOf } from '../src/lib/announce.svelte'

const running: JobState = { state: 'running', started_ms: 0, stopping: false }
const job = (state: JobState, share?: number): Job => ({
  id: 'a',
  kind: 'train',
  project: 'default',
  name: 'Notes',
  created_ms: 0,
  state,
  progress: share === undefined ? null : { phase: '', n_done: 0, unit: 'steps', share, elapsed_secs: 0 },
  last_seq: 0,
  n_warnings: 0,
  dismissed: false,
})

test.each<[string, Job | undefined, Job, string | undefined]>([
  ['a start', job({ state: 'queued', place: 0 }), job(running), 'Notes started'],
  ['a tick', job(running, 0.3), job(running, 0.31), undefined],
  ['a quarter', job(running, 0.24), job(running, 0.26), 'Notes: 25%'],
  ['a leap says the last quarter', job(running, 0.1), job(running, 0.8), 'Notes: 75%'],
  ['an end', job(running, 0.99), job({ state: 'done', started_ms: 0, ended_ms: 1 }), 'Notes is done'],
  ['a stop that was asked for', job(running), job({ ...running, stopping: true }), undefined],
  [
    'a failure',
    job(running),
    job({ state: 'failed', ended_ms: 1, problem: { code: 'disk_full', what: 'The disk is full.' } }),
    'Notes failed: The disk is full.',
  ],
])('%s', (_, before, after, expected) => {
  expect(newsOf(before, after)).toBe(expected)
})
