// Rows in sight, their order, keys and filters.

import { expect, test } from 'vitest'

import { compile } from '../src/lib/filter'
import { between, type Column, moved, nextSort, parseSort, sorted, visible } from '../src/lib/grid'

interface Row {
  name: string
  loss: number
}
const rows: Row[] = [
  { name: 'take 10', loss: 0.5 },
  { name: 'take 9', loss: 2 },
  { name: 'Violin', loss: 0.05 },
]
const columns: Column<Row>[] = [
  { key: 'name', title: 'Name', value: (row) => row.name },
  { key: 'loss', title: 'Loss', value: (row) => row.loss },
]

test.each([
  ['name', ['take 9', 'take 10', 'Violin']],
  ['-name', ['Violin', 'take 10', 'take 9']],
  ['loss', ['Violin', 'take 10', 'take 9']],
  ['nonsense', ['take 10', 'take 9', 'Violin']],
  [null, ['take 10', 'take 9', 'Violin']],
])('in order of %s', (sort, names) => {
  expect(sorted(rows, columns, parseSort(sort)).map((row) => row.name)).toEqual(names)
})

test('a column is clicked up, down, away', () => {
  const clicks = [null, 'loss', '-loss'].map((sort) => nextSort(parseSort(sort), 'loss'))
  expect(clicks).toEqual(['loss', '-loss', null])
})

test.each([
  ['', 3],
  ['take', 2],
  ['TAKE 10', 1],
  ['loss<0.1', 1],
  ['loss>=0.5 take', 2],
  ['-take', 1],
  ['name:violin', 1],
  ['name=violin', 1],
  ['-loss<1', 1],
  ['unknown<3', 0],
])('the filter «%s» leaves %d', (filter, n) => {
  const test = compile<Row>(filter, {
    text: (row) => row.name,
    field: (row, name) => columns.find((column) => column.key === name)?.value(row),
  })
  expect(rows.filter(test)).toHaveLength(n)
})

test('few rows of ten thousand exist, wherever one scrolls', () => {
  for (const scrollTop of [0, 31, 5000, 319_000, 320_000]) {
    const [from, to] = visible(10_000, 32, scrollTop, 960)
    expect(to - from).toBeLessThanOrEqual(80)
    expect(from).toBeGreaterThanOrEqual(0)
    expect(to).toBeLessThanOrEqual(10_000)
  }
  expect(visible(0, 32, 0, 960)).toEqual([0, 0])
})

test.each([
  ['ArrowDown', 0, 1],
  ['ArrowUp', 0, 0],
  ['End', 0, 9999],
  ['Home', 500, 0],
  ['PageDown', 9995, 9999],
  ['x', 3, undefined],
])('%s from row %d', (key, from, to) => {
  expect(moved(key, from, 10_000, 20)).toBe(to)
})

test.each([
  [1, 3, 'bcd'],
  [3, 1, 'bcd'],
  [2, 2, 'c'],
  [0, 9, 'abcde'],
])('rows from %d to %d are «%s»', (from, to, expected) => {
  expect(between([...'abcde'], from, to).join('')).toBe(expected)
})

test('ten thousand rows are filtered in well under 100 ms', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => ({ name: `run ${i}`, loss: 1 / (i + 1) }))
  const test = compile<Row>('run loss<0.001 -99', { text: (row) => row.name, field: (row, name) => (name === 'loss' ? row.loss : undefined) })
  const start = performance.now()
  expect(many.filter(test).length).toBeGreaterThan(0)
  expect(performance.now() - start).toBeLessThan(100)
})
