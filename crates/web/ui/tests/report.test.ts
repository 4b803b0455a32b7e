// Reports can be shown to others: they do not name anybody's home folder.

import { expect, test } from 'vitest'

import { withoutHome } from '../src/lib/report'

test.each([
  ['/home/anna/sounds/a.wav', '~/sounds/a.wav'],
  ['in "/Users/anna/Music" it', 'in "~/Music" it'],
  ['C:\\Users\\Anna\\x', '~\\x'],
  ['/root/Maquette', '~/Maquette'],
  ['/rooted/plants', '/rooted/plants'],
])('%s', (text, expected) => {
  expect(withoutHome(text)).toBe(expected)
})
