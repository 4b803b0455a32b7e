// Paths of either kind of computer.

import { expect, test } from 'vitest'

import { below, crumbsOf } from '../src/lib/paths'

test.each([
  ['/', ['/']],
  ['/home/me', ['/', '/home', '/home/me']],
  ['C:\\Users\\me', ['C:\\', 'C:\\Users', 'C:\\Users\\me']],
])('the way to %s', (path, expected) => {
  expect(crumbsOf(path).map((crumb) => crumb.path)).toEqual(expected)
})

test.each([
  ['/', 'a', '/a'],
  ['/home', 'a', '/home/a'],
  ['C:\\', 'a', 'C:\\a'],
])('%s and %s', (folder, name, expected) => {
  expect(below(folder, name)).toBe(expected)
})
