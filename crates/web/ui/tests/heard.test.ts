import { expect, test } from 'vitest'

import type { Reconstruction } from '$lib/api'

import { heardOf } from '../src/pages/models/heard'

const made = (id: string) => ({ id, result: { original: 'a', reconstruction: 'b' } }) as unknown as Reconstruction
const failed = (id: string) => ({ id, result: null }) as unknown as Reconstruction

test('the newest is heard, or the one that was asked for', () => {
  const list = [made('new'), made('old')]
  expect(heardOf(list, null)).toEqual({ shown: list[0], heard: list[0] })
  expect(heardOf(list, 'old')).toEqual({ shown: list[1], heard: list[1] })
  expect(heardOf(list, 'gone').shown?.id).toBe('new')
  expect(heardOf([], null)).toEqual({ shown: undefined, heard: undefined })
})

test('one that failed is said so, and the last good one stays to be heard', () => {
  const list = [failed('new'), made('good'), made('older')]
  expect(heardOf(list, null).shown?.id).toBe('new')
  expect(heardOf(list, null).heard?.id).toBe('good')
  expect(heardOf([failed('new')], null).heard).toBeUndefined()
})
