// The memory's pages: searches that are clicked together, corrections, the map, the graph of neighbours.

import { describe, expect, test } from 'vitest'

import type { Pattern, PatternPoint } from '../src/lib/api'
import { kindColour } from '../src/pages/memory/colours'
import { backOf, draftOf, editOf, surroundings, wrongOf } from '../src/pages/memory/editing'
import { around } from '../src/pages/memory/graph'
import { samplesOf } from '../src/pages/memory/listen'
import { endsOf, kindsOf, layoutOf, nextPoint, paintedOf } from '../src/pages/memory/map'
import { isByLikeness, isOpen, listText, orderOf, searchOf, toggledIn } from '../src/pages/memory/search'
import { chosenOf, factsOf, hasPart, moment, nameOf, sureOf, toggledPart, typedWords, withPart } from '../src/pages/memory/words'

const pattern = (changes: Partial<Pattern> = {}): Pattern => ({
  id: '00000000000000aa',
  source: { sha256: 'ab', name: 'bell.wav', path: '/sounds/bell.wav' },
  start_secs: 1,
  end_secs: 2.5,
  low_hz: 200,
  high_hz: 4000,
  kind: 'harmonic',
  confidence: 0.75,
  kind_confidence: 0.5,
  facts: { tempo_bpm: 120, brightness_hz: 1500, attacks_per_sec: 2, level_db: -12, words: ['metallic'] },
  tags: [],
  is_by_hand: false,
  ...changes,
})
const said = (text: string) => text.replace(/\s/g, ' ')

describe('searches', () => {
  test('parts are added and taken away, whatever their case', () => {
    expect(toggledPart('', 'under 2 s')).toBe('under 2 s')
    expect(toggledPart('metallic; under 2 s', 'dark')).toBe('metallic, under 2 s, dark')
    expect(toggledPart('Metallic, dark', 'metallic')).toBe('dark')
    expect(hasPart('between 1 and 3 s, dark', 'between 1 and 3 s')).toBe(true)
    expect(hasPart('darkness', 'dark')).toBe(false)
    expect(withPart('rhythmic, dark', 'rhythmic', 'harmonic')).toBe('dark, "harmonic"')
    expect(withPart('"live set", dark', 'Live set', '')).toBe('dark')
    expect(withPart('rhythmic, dark', 'rhythmic', '')).toBe('dark')
    expect(withPart('dark', undefined, '')).toBe('dark')
    expect(chosenOf('dark, Harmonic', ['rhythmic', 'harmonic'])).toBe('harmonic')
    expect(typedWords(' a, b,,a ; c ')).toEqual(['a', 'b', 'c'])
  })

  test('the address keeps them', () => {
    const search = searchOf(new URLSearchParams('q=dark&like=aa&more=b,c&space=clap-1'))
    expect(search).toEqual({ words: 'dark', heard: undefined, like: 'aa', more: ['b', 'c'], less: [], space: 'clap-1' })
    expect(orderOf(search)).toMatchObject({ words: 'dark', like: { from: 'pattern', id: 'aa' }, more: ['b', 'c'], less: [], space: 'clap-1' })
    expect(orderOf(searchOf(new URLSearchParams('heard=x-1&like=aa')))).toMatchObject({ like: { from: 'query', id: 'x-1' } })
    expect(orderOf(searchOf(new URLSearchParams('q=dark')))).not.toHaveProperty('like')
    const [none, words, more] = ['', 'q=dark', 'less=a'].map((query) => searchOf(new URLSearchParams(query)))
    expect([none, words, more].map((one) => isOpen(one!))).toEqual([true, false, false])
    expect([none, words, more].map((one) => isByLikeness(one!))).toEqual([false, false, true])
    expect(isOpen(searchOf(new URLSearchParams('tab=map&page=3')))).toBe(true)
    expect(orderOf(searchOf(new URLSearchParams('q=under −20 dB'))).words).toBe('under -20 dB')
  })

  test('a pattern is among those to be more like or less like, not both', () => {
    expect(toggledIn('a', [], ['a', 'b'])).toEqual({ list: ['a'], other: ['b'] })
    expect(toggledIn('a', ['a', 'b'], [])).toEqual({ list: ['b'], other: [] })
    expect(listText([])).toBeNull()
    expect(listText(['a', 'b'])).toBe('a,b')
  })
})

test('a pattern is named by its sound and its place, with facts, and how sure it is', () => {
  expect(said(nameOf(pattern()))).toBe('bell.wav at 0:01.00')
  expect(factsOf(pattern()).map(said)).toEqual(['harmonic', '1.50 s', '120 BPM', '1.50 kHz', '−12.0 dB'])
  expect(factsOf(pattern({ facts: { ...pattern().facts, tempo_bpm: null } }))).toHaveLength(4)
  expect(sureOf(pattern())[0]).toContain('75%')
  expect(sureOf(pattern())[1]).toContain('50% of its parts are harmonic')
  expect(sureOf(pattern({ confidence: 1, kind_confidence: 1, is_by_hand: true }))).toEqual(['Its start and end: set by you.', 'You corrected it.'])
  expect(sureOf(pattern({ kind: 'drone', kind_confidence: 0.9 }))[1]).toContain('90%')
})

test('places have hundredths', () => {
  expect([0, 2, 61.238, 59.999, 3600].map(moment)).toEqual(['0:00.00', '0:02.00', '1:01.24', '1:00.00', '1:00:00.00'])
})

describe('corrections', () => {
  test('only what was changed is sent, and can be taken back', () => {
    const one = pattern()
    const draft = draftOf(one)
    expect(editOf(draft, one)).toEqual({})
    expect(editOf({ ...draft, start: 1.0001, kind: ' ' }, one)).toEqual({})
    const edit = editOf({ ...draft, end: 2, kind: 'drone', tags: ['low'] }, one)
    expect(edit).toEqual({ end_secs: 2, kind: 'drone', tags: ['low'] })
    expect(backOf(edit, one)).toEqual({ end_secs: 2.5, kind: 'harmonic', tags: [] })
  })
  test('what cannot be is known before it is sent', () => {
    const draft = draftOf(pattern())
    expect(wrongOf(draft)).toBeUndefined()
    expect(wrongOf({ ...draft, end: 1.01 })).toBe('ends')
    expect(wrongOf({ ...draft, start: -1 })).toBe('ends')
    expect(wrongOf({ ...draft, low: 5000 })).toBe('range')
  })
  test('what surrounds a pattern is shown with it', () => {
    expect(surroundings({ start: 1, end: 2.5 }, 10)).toEqual({ start: 0, end: 4 })
    expect(surroundings({ start: 8, end: 9.9 }, 10)).toEqual({ start: 6.1, end: 10 })
  })
})

test('a pattern is heard from its first to its last sample', () => {
  expect(samplesOf(1, 2, 100, 1000)).toEqual([100, 200])
  expect(samplesOf(9.99, 12, 100, 1000)).toEqual([999, 1000])
  expect(samplesOf(20, 21, 100, 1000)).toEqual([999, 1000])
})

describe('the map', () => {
  const point = (x: number, y: number, kind: string, length_secs = 1): PatternPoint => ({ id: `${x} ${y}`, x, y, kind, name: 'a.wav', start_secs: 0, length_secs, level_db: -10, brightness_hz: 1000 })
  const points = [point(0, 0, 'harmonic'), point(0.5, 0.1, 'rhythmic', 2), point(-0.5, 0, 'rhythmic', 4), point(0, 0.9, 'drone', 8)]

  test('colours tell kinds apart, the most frequent first, and put numbers on a scale', () => {
    expect(kindsOf(points)).toEqual(['rhythmic', 'drone', 'harmonic'])
    expect(paintedOf(points, 'kind').map((one) => one.points)).toEqual([[1, 2], [3], [0]])
    for (const colouring of ['length', 'level', 'brightness'] as const)
      expect(paintedOf(points, colouring).flatMap((one) => one.points).sort()).toEqual([0, 1, 2, 3])
    expect(paintedOf(points, 'length').at(-1)?.points).toEqual([3])
    expect(endsOf(points, 'length')).toEqual([1, 8])
    expect(endsOf([], 'level')).toEqual([0, 0])
  })
  test('all points are in sight, in the middle', () => {
    const layout = layoutOf([point(0.2, 0.5, 'drone'), point(1.4, 0.9, 'drone'), point(0.3, 1.1, 'drone')])
    const [xs, ys] = [0, 1].map((axis) => [...layout].filter((_, i) => i % 2 === axis)) as [number[], number[]]
    for (const values of [xs, ys]) expect(Math.max(...values)).toBeCloseTo(-Math.min(...values))
    expect(Math.max(...xs)).toBeCloseTo(0.92)
    expect([...layoutOf([point(0.7, -3, 'drone')])]).toEqual([0, 0])
    expect(layoutOf([])).toHaveLength(0)
  })
  test('a kind has the same colour everywhere', () => {
    expect(paintedOf(points, 'kind').map(({ colour }) => colour)).toEqual(['rhythmic', 'drone', 'harmonic'].map(kindColour))
    expect(new Set(['rhythmic', 'harmonic', 'textural', 'spectral', 'granular', 'stochastic', 'atmospheric', 'drone'].map(kindColour)).size).toBe(8)
  })
  test('arrows go to the next pattern in their direction', () => {
    const layout = layoutOf(points)
    expect(nextPoint(layout, undefined, 'left')).toBe(0)
    expect(nextPoint(layout, 0, 'right')).toBe(1)
    expect(nextPoint(layout, 0, 'left')).toBe(2)
    expect(nextPoint(layout, 0, 'up')).toBe(3)
    expect(nextPoint(layout, 0, 'down')).toBeUndefined()
    expect(nextPoint(new Float32Array(), undefined, 'up')).toBeUndefined()
  })
})

test('neighbours stand round the middle, the more similar the nearer', () => {
  const places = around([0.9, 0.8, 0.3])
  const far = places.map(({ x, y }) => Math.hypot(x - 50, y - 48))
  expect(far[0]).toBeLessThan(far[1]!)
  expect(far[1]).toBeLessThan(far[2]!)
  for (const { x, y } of places) expect(Math.max(Math.abs(x - 50), Math.abs(y - 50))).toBeLessThan(50)
  expect(around([])).toEqual([])
  expect(new Set(around([1, 1, 1, 1]).map(({ x, y }) => `${x.toFixed(2)} ${y.toFixed(2)}`)).size).toBe(4)
})
