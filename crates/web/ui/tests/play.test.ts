import { describe, expect, test } from 'vitest'

import { bestOf, keepBest } from '../src/pages/play/best'
import { actionOf, colours, isPlayed } from '../src/pages/play/session.svelte'

const keys = [
  { key: 'ArrowLeft+Space', action: 4 },
  { key: 'ArrowLeft', action: 1 },
  { key: 'Space', action: 3 },
]

describe('keys of a game', () => {
  test.each([
    [['ArrowLeft'], 1],
    [['Space', 'ArrowLeft'], 4],
    [['Space'], 3],
    [['KeyA'], undefined],
    [[], undefined],
  ])('%j plays %s', (held, action) => expect(actionOf(keys, new Set(held))).toBe(action))

  test('only keys that play are taken from the page', () => {
    expect(['ArrowLeft', 'Space', 'KeyR', 'Arrow'].map((code) => isPlayed(keys, code))).toEqual([true, true, false, false])
  })
})

test('colours are opaque pixels, and unknown ones are black', () => {
  const [first, second] = colours([[1, 2, 3]])
  expect(first).toBe(0xff030201)
  expect(second).toBe(0xff000000)
})

test('only a better score takes the place of the best', () => {
  const kept = new Map<string, string>()
  globalThis.localStorage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as unknown as Storage
  const game = { key: 'brick', version: 1 }
  expect(bestOf(game)).toBeUndefined()
  expect([keepBest(game, 5), keepBest(game, 3), keepBest(game, 7)]).toEqual([true, false, true])
  expect([bestOf(game), bestOf({ key: 'brick', version: 2 })]).toEqual([7, undefined])
})
