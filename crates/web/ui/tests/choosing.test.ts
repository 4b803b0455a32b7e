import { describe, expect, test } from 'vitest'

import { optionAfter, optionTyped } from '../src/lib/choosing'

describe('keys move among options', () => {
  test.each([
    ['ArrowDown', -1, 0],
    ['ArrowDown', 4, 4],
    ['ArrowUp', 0, 0],
    ['Home', 3, 0],
    ['End', 0, 4],
    ['PageDown', 1, 4],
    ['x', 1, undefined],
  ])('%s from %i', (key, at, expected) => expect(optionAfter(key, at, 5)).toBe(expected))

  test('nothing moves in an empty list', () => expect(optionAfter('End', -1, 0)).toBe(undefined))
})

describe('letters lead to options', () => {
  const titles = ['Sketch', 'Standard', 'v1', 'v2', 'v2 small', 'Élan']
  test.each([
    ['s', -1, 0],
    ['s', 0, 1],
    ['ss', 1, 0],
    ['st', 0, 1],
    ['v2', 2, 3],
    ['v2 ', 3, 4],
    ['small', 0, 4],
    ['é', 0, 5],
    ['zzz', 0, undefined],
    ['q', 0, undefined],
  ])('«%s» from %i', (typed, at, expected) => expect(optionTyped(typed, at, titles)).toBe(expected))
})
