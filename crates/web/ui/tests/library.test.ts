// The library: corrections of what was found, the list of which only a part is loaded, searches that are clicked together.

import { describe, expect, test } from 'vitest'

import type { Analysis, Film, LibraryItem } from '../src/lib/api'
import { atTempo, barsFrom, doubled, halved, isFirstOfBar, joined, merged, movedBeat, nearestBeat, perBar, phraseCutAt, phraseJoined, recorded, renamed, split, tempoOf, withBeat, withoutBeat, withoutPhrase, withPhrase } from '../src/pages/library/editing'
import { asksForFilms, filmsIn } from '../src/pages/library/films'
import { heightIn, keyRange } from '../src/pages/library/melody'
import { Selection, SELECTED_MAX, withWords } from '../src/pages/library/selection.svelte'
import { ListWindow, PAGE, pagesOf } from '../src/pages/library/window.svelte'
import { chordName, fieldOf, likeOf, marksIn, toggled, typedWords } from '../src/pages/library/words'

const found = (changes: Partial<Analysis> = {}): Analysis =>
  ({ tempo_bpm: 120, meter: '4/4', beats_s: [0.1, 0.6, 1.1, 1.6, 2.1, 2.6, 3.1, 3.6, 4.1], downbeats_s: [0.6, 2.6], seconds: 4.5, chords: [], sections: [], onsets_s: [], ...changes }) as Analysis
const rounded = (times: readonly number[] | null | undefined) => (times ?? []).map((at) => Math.round(at * 1000) / 1000)

describe('phrases', () => {
  const phrases = [{ start_s: 0.5, end_s: 1 }, { start_s: 2, end_s: 3 }]
  const places = (all: readonly { start_s: number; end_s: number }[] | undefined) => all?.map(({ start_s, end_s }) => [start_s, end_s])
  test('a phrase stays between its neighbours, and is never turned around', () => {
    expect(places(withPhrase(phrases, 0, { start_s: -1, end_s: 9 }, 4))).toEqual([[0, 2], [2, 3]])
    expect(places(withPhrase(phrases, 1, { start_s: 0, end_s: 9 }, 4))).toEqual([[0.5, 1], [1, 4]])
    expect(places(withPhrase(phrases, 1, { start_s: 2.5, end_s: 2 }, 4))).toEqual([[0.5, 1], [2.5, 2.55]])
  })
  test('they are cut, begun, joined and removed', () => {
    expect(places(phraseCutAt(phrases, 2.5, 4))).toEqual([[0.5, 1], [2, 2.5], [2.5, 3]])
    expect(places(phraseCutAt(phrases, 1.5, 4))).toEqual([[0.5, 1], [1.5, 2], [2, 3]])
    expect(places(phraseCutAt(phrases, 3, 4))).toEqual([[0.5, 1], [2, 3], [3, 4]])
    expect(places(phraseCutAt([], 0, 4))).toEqual([[0, 4]])
    // At an edge, or where there is no room, there is nothing to cut.
    expect(phraseCutAt(phrases, 0.51, 4)).toBeUndefined()
    expect(phraseCutAt(phrases, 1.99, 4)).toBeUndefined()
    expect(phraseCutAt(phrases, 3.99, 4)).toBeUndefined()
    expect(places(phraseJoined(phrases, 0))).toEqual([[0.5, 3]])
    expect(phraseJoined(phrases, 1)).toBeUndefined()
    expect(places(withoutPhrase(phrases, 0))).toEqual([[2, 3]])
  })
})

describe('tempo', () => {
  test('half of it keeps the beats that begin bars', () => {
    const edit = halved(found())
    expect(edit.tempo_bpm).toBe(60)
    expect(rounded(edit.beats_s)).toEqual([0.6, 1.6, 2.6, 3.6])
    expect(rounded(edit.downbeats_s)).toEqual([0.6])
  })

  test('double of it puts a beat between every two', () => {
    const edit = doubled(found({ beats_s: [0, 1, 2.2], downbeats_s: [0], tempo_bpm: 60 }))
    expect(edit.tempo_bpm).toBe(120)
    expect(rounded(edit.beats_s)).toEqual([0, 0.5, 1, 1.6, 2.2])
    expect(rounded(edit.downbeats_s)).toEqual([0, 2.2])
  })

  test('half of double is what it was', () => {
    const start = found({ downbeats_s: [] })
    const twice = { ...start, ...doubled(start) } as Analysis
    expect(rounded(halved(twice).beats_s)).toEqual(rounded(start.beats_s))
    expect(halved(twice).tempo_bpm).toBe(120)
  })

  test('one that is set stays in step with the bars that were found', () => {
    const edit = atTempo(found(), 60)
    expect(rounded(edit.beats_s)).toEqual([0.6, 1.6, 2.6, 3.6])
    expect(rounded(edit.downbeats_s)).toEqual([0.6])
    const bare = atTempo(found({ beats_s: [], downbeats_s: [], tempo_bpm: null, seconds: 2 }), 120)
    expect(rounded(bare.beats_s)).toEqual([0, 0.5, 1, 1.5, 2])
    expect(bare.downbeats_s).toEqual([0, 2])
    expect(tempoOf(bare.beats_s ?? [])).toBeCloseTo(120)
    expect(tempoOf([1])).toBeUndefined()
  })

  test('nothing found is nothing to halve', () => {
    const nothing = found({ beats_s: [], downbeats_s: [], tempo_bpm: null })
    expect(halved(nothing).beats_s).toEqual([])
    expect(doubled(nothing).beats_s).toEqual([])
  })
})

describe('beats', () => {
  test('are added, removed and moved, never past their neighbours', () => {
    expect(rounded(withBeat(found({ beats_s: [0, 1] }), 0.5).beats_s)).toEqual([0, 0.5, 1])
    expect(withBeat(found({ beats_s: [0, 1] }), 1.01)).toEqual({})
    const less = withoutBeat(found(), 1)
    expect([less.beats_s?.length, less.downbeats_s]).toEqual([8, [2.6]])
    const moved = movedBeat(found(), 1, 0.01)
    expect(rounded(moved.beats_s).slice(0, 3)).toEqual([0.1, 0.61, 1.1])
    expect(rounded(moved.downbeats_s)).toEqual([0.61, 2.6])
    expect(rounded(movedBeat(found(), 1, 9).beats_s)[1]).toBe(1.09)
    expect(rounded(movedBeat(found(), 0, -9).beats_s)[0]).toBe(0)
    expect(movedBeat(found(), 99, 1)).toEqual({})
  })

  test('begin bars from one of them on', () => {
    expect(rounded(barsFrom(found(), 2).downbeats_s)).toEqual([1.1, 3.1])
    expect(isFirstOfBar(found(), 1)).toBe(true)
    expect(isFirstOfBar(found(), 2)).toBe(false)
    expect([perBar('3/4'), perBar(null), perBar('x')]).toEqual([3, 4, 4])
  })

  test('are found by the nearest', () => {
    expect(nearestBeat([0, 1, 2], 1.4)).toBe(1)
    expect(nearestBeat([], 1)).toBe(-1)
    expect(marksIn([0, 1, 2, 3], [1.01, 3], 0.5, 3)).toEqual([
      { at: 1, index: 1, isFirst: true },
      { at: 2, index: 2, isFirst: false },
      { at: 3, index: 3, isFirst: true },
    ])
  })
})

test('chords and sections are renamed, cut and joined', () => {
  const spans = [
    { start_s: 0, end_s: 2, label: 'A' },
    { start_s: 2, end_s: 4, label: 'B' },
  ]
  expect(renamed(spans, 1, 'C').map(({ label }) => label)).toEqual(['A', 'C'])
  expect(split(spans, 3)?.map(({ start_s, end_s }) => [start_s, end_s])).toEqual([[0, 2], [2, 3], [3, 4]])
  expect(split(spans, 2)).toBeUndefined()
  expect(joined(spans, 0)).toEqual([{ start_s: 0, end_s: 4, label: 'A' }])
  expect(joined(spans, 1)).toBeUndefined()
})

test('corrections are laid over each other, and can be undone', () => {
  expect(merged({ tempo_bpm: 60, key: 'A minor' }, { tempo_bpm: 120 })).toEqual({ tempo_bpm: 120, key: 'A minor' })
  expect(merged(null, { key: 'C major' })).toEqual({ key: 'C major' })
  const history = recorded({ past: [], future: [{ key: 'D major' }] }, { key: 'C major' })
  expect(history).toEqual({ past: [{ key: 'C major' }], future: [] })
})

test.each([
  ['', 'key:Am', 'key:Am'],
  ['key:Am', 'key:Am', ''],
  ['key:Am len<8', 'key:Am', 'len<8'],
  ['warm tag:"big drums"', 'tag:"big drums"', 'warm'],
  ['warm', 'tag:"big drums"', 'warm tag:"big drums"'],
])('«%s» with %s is «%s»', (query, part, expected) => expect(toggled(query, part)).toBe(expected))

test('words are typed and shown as people write them', () => {
  expect(typedWords(' dark, drums,,dark ')).toEqual(['dark', 'drums'])
  expect(fieldOf('tag', 'big drums')).toBe('tag:"big drums"')
  expect(['A:min', 'C:maj', 'G:7', 'N', 'F#:min7', 'D'].map(chordName)).toEqual(['Am', 'C', 'G7', '–', 'F#m7', 'D'])
})

describe('the list', () => {
  const all = Array.from({ length: 1000 }, (_, i) => i)
  const asked: number[] = []
  const ask = (offset: number, limit: number) => {
    asked.push(offset)
    return Promise.resolve({ total: all.length, items: all.slice(offset, offset + limit) })
  }

  test('pages of rows', () => {
    expect(pagesOf(0, PAGE)).toEqual([0])
    expect(pagesOf(PAGE - 1, PAGE + 1)).toEqual([0, 1])
    expect(pagesOf(5, 5)).toEqual([])
  })

  test('loads what is in sight, each part once', async () => {
    const list = new ListWindow<number>()
    await list.list(ask)
    expect([list.total, list.at(0), list.at(PAGE)]).toEqual([1000, 0, undefined])
    list.need(PAGE * 3, PAGE * 3 + 20)
    list.need(PAGE * 3, PAGE * 3 + 30)
    await expect.poll(() => list.at(PAGE * 3 + 5)).toBe(PAGE * 3 + 5)
    expect(asked).toEqual([0, PAGE * 3])
    expect(await list.loaded(999)).toBe(999)
    expect(await list.loaded(1000)).toBeUndefined()
    expect(list.find((row) => row === 999)).toBe(999)
    list.replace((row) => row === 999, () => -1)
    expect(list.at(999)).toBe(-1)
  })

  test('keeps what is there when a question fails', async () => {
    const list = new ListWindow<number>()
    await list.list(ask)
    await list.list(() => Promise.reject(new Error('no')))
    expect([list.problem !== undefined, list.total, list.at(3)]).toEqual([true, 1000, 3])
    await list.list(ask)
    expect(list.problem).toBeUndefined()
  })
})

describe('similar sounds', () => {
  test.each([
    ['like:kick-3f9a2c', 'kick-3f9a2c'],
    ['drums LIKE:kick-3f9a2c len<8', 'kick-3f9a2c'],
    ['like=kick-3f9a2c', 'kick-3f9a2c'],
    ['unlike:kick', undefined],
    ['like:', undefined],
    ['', undefined],
  ])('«%s» compares with %s', (query, id) => {
    expect(likeOf(query)).toBe(id)
  })
})

describe('a melody', () => {
  test('has an octave at least, and notes lie in their order', () => {
    expect(keyRange([])).toEqual({ lowest: 60, highest: 72 })
    expect(keyRange([{ key: 60 }, { key: 62 }])).toEqual({ lowest: 55, highest: 67 })
    const range = keyRange([{ key: 40 }, { key: 80 }])
    expect(range).toEqual({ lowest: 40, highest: 80 })
    const [low, high] = [heightIn(range, 40), heightIn(range, 80)]
    expect(high.top).toBeLessThan(low.top)
    expect(low.top + low.height).toBeLessThanOrEqual(103)
  })
})

describe('a selection', () => {
  const row = (n: number) => ({ id: `s${n}`, name: String(n), tags: [], rating: 0 }) as unknown as LibraryItem
  const rows = (total: number) => ({ total, loaded: async (index: number) => (index < total ? row(index) : undefined) })
  const ids = (selection: Selection) => selection.all.map(({ id }) => id)

  test('goes from where it began to where a key or a click leads', async () => {
    const selection = new Selection()
    await selection.extend(rows(9), 2, 3)
    expect(ids(selection)).toEqual(['s2', 's3'])
    await selection.extend(rows(9), 3, 5)
    expect(ids(selection)).toEqual(['s2', 's3', 's4', 's5'])
    selection.toggle(4, row(4))
    expect(selection.has('s4')).toBe(false)
    await selection.extend(rows(9), 4, 6)
    expect(ids(selection)).toContain('s6')
    selection.replace({ ...row(2), rating: 5 })
    expect(selection.all[0]?.rating).toBe(5)
    selection.replace(row(8))
    expect(selection.has('s8')).toBe(false)
    selection.clear()
    expect(selection.size).toBe(0)
  })

  test('has a limit', async () => {
    const selection = new Selection()
    await selection.selectAll(rows(SELECTED_MAX + 20))
    expect(selection.size).toBe(SELECTED_MAX)
    selection.toggle(SELECTED_MAX + 5, row(SELECTED_MAX + 5))
    expect(selection.size).toBe(SELECTED_MAX)
  })

  test('adds words once', () => {
    expect(withWords(['a', 'b'], ['b', 'c'])).toEqual(['a', 'b', 'c'])
  })
})

describe('films in the library', () => {
  const film = (name: string, secs?: number) =>
    ({ id: name, job: { name }, run_name: 'Brave run', game: 'snake', result: secs === undefined ? null : { length_secs: secs } }) as unknown as Film
  const all = [film('First steps', 30), film('Best of all', 90), film('Unfinished')]
  const names = (query: string) => filmsIn(all, query).map(({ id }) => id)

  test.each([
    ['kind:film', true],
    ['best IS:film', true],
    ['kind:sound', false],
    ['"kind:film"', false],
    ['film', false],
  ])('«%s»', (query, isOfFilms) => {
    expect(asksForFilms(query)).toBe(isOfFilms)
  })

  test('are found by their names and their length', () => {
    expect(names('kind:film')).toEqual(['First steps', 'Best of all'])
    expect(names('kind:film BEST')).toEqual(['Best of all'])
    expect(names('kind:film -best')).toEqual(['First steps'])
    expect(names('kind:film "of all" brave snake')).toEqual(['Best of all'])
    expect(names('kind:film len<60')).toEqual(['First steps'])
    expect(names('is:film len>60')).toEqual(['Best of all'])
    expect(names('kind:film key:Am')).toEqual([])
    expect(names('kind:film -key:Am')).toEqual(['First steps', 'Best of all'])
  })
})
