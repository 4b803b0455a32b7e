// The folder of a form is the one that its field says, whatever was listed before and however late answers come.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { ProblemError } from '../src/lib/api/problem'
import { FolderChoice } from '../src/lib/folder-choice.svelte'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** A studio with two folders, which answers after so many milliseconds. */
function studio(delays: Record<string, number> = {}) {
  const asked: string[] = []
  const ask = async (path: string | undefined, signal: AbortSignal) => {
    asked.push(path ?? '')
    await new Promise((resolve) => setTimeout(resolve, delays[path ?? ''] ?? 10))
    signal.throwIfAborted()
    const found = path ?? '/home/me'
    if (!['/home/me', '/a', '/b'].includes(found)) throw new ProblemError({ code: 'not_found', what: `no folder ${found}` }, 404)
    return { path: found, parent: null, folders: [], n_sounds: 3 }
  }
  return { ask, asked }
}

async function listed(start: string, delays?: Record<string, number>) {
  const { ask, asked } = studio(delays)
  const choice = new FolderChoice(start, 'sounds', ask)
  choice.start()
  await vi.advanceTimersByTimeAsync(100)
  return { choice, asked }
}

test('without a path it is the home folder, and the field says so', async () => {
  const { choice } = await listed('')
  expect(choice.text).toBe('/home/me')
  expect(choice.found?.path).toBe('/home/me')
})

test('a folder that is not there is never replaced by the one listed before', async () => {
  const { choice } = await listed('/a')
  choice.type('/nonexistent/typo')
  // The form is sent at once, before anything was looked at.
  const settled = choice.settle()
  await vi.advanceTimersByTimeAsync(1000)
  expect(await settled).toBeUndefined()
  expect(choice.found).toBeUndefined()
  expect(choice.text).toBe('/nonexistent/typo')
  expect(choice.problem?.what).toBe('no folder /nonexistent/typo')
})

test('a valid path that was typed a moment before is the one that is used', async () => {
  const { choice } = await listed('/a')
  choice.type('/b')
  const settled = choice.settle()
  await vi.advanceTimersByTimeAsync(1000)
  expect((await settled)?.path).toBe('/b')
})

test('a late answer of an earlier folder is not used', async () => {
  const { choice } = await listed('/a', { '/b': 5000 })
  choice.open('/b')
  await vi.advanceTimersByTimeAsync(100)
  choice.open('/a')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(choice.found?.path).toBe('/a')
  expect(choice.text).toBe('/a')
})

test('who types while the form waits is waited for', async () => {
  const { choice } = await listed('/a', { '/b': 500 })
  choice.open('/b')
  const settled = choice.settle()
  await vi.advanceTimersByTimeAsync(100)
  choice.type('/nowhere')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await settled).toBeUndefined()
  expect(choice.text).toBe('/nowhere')
})

test('while something else is typed nothing is chosen, and pausing asks once', async () => {
  const { choice, asked } = await listed('/a')
  for (const text of ['/', '/h', '/b']) choice.type(text)
  expect(choice.found).toBeUndefined()
  expect(choice.isChecking).toBe(true)
  await vi.advanceTimersByTimeAsync(1000)
  expect(asked).toEqual(['/a', '/b'])
  expect(choice.found?.path).toBe('/b')
})

test('a field that was emptied is not the home folder', async () => {
  const { choice } = await listed('/a')
  choice.type('')
  const settled = choice.settle()
  await vi.advanceTimersByTimeAsync(1000)
  expect(await settled).toBeUndefined()
  expect(choice.problem?.code).toBe('no_folder')
  expect(choice.text).toBe('')
})

test('a page that is left while it asks, and comes back, asks again', async () => {
  const { ask } = studio({ '/b': 500 })
  const choice = new FolderChoice('/b', 'sounds', ask)
  choice.start()
  await vi.advanceTimersByTimeAsync(100)
  choice.leave()
  choice.start()
  await vi.advanceTimersByTimeAsync(1000)
  expect(choice.found?.path).toBe('/b')
})
