// Making sounds: the form and its order, recipes in words, the grid's keys and orders, the gallery's filters.

import { describe, expect, test } from 'vitest'

import { reasonOf } from '../src/pages/create/again'
import { controlsFor, type Draft, draftOf, emptyDraft, missing, orderOf, SOURCES, thrown, within } from '../src/pages/create/draft'
import { EXAMPLES } from '../src/pages/create/examples'
import { chosen, modelsIn, tagsOf, typedTags } from '../src/pages/create/gallery'
import { stepIn } from '../src/pages/create/grid-keys'
import { likely, moved, placeOfSound, pointIn } from '../src/pages/create/points'
import { formHref, linesOf, sentenceOf, shortSeed } from '../src/pages/create/recipe'
import { presetIn } from '../src/pages/create/recipe-from'
import { sorted } from '../src/pages/create/sorting'
import { emptyStyle, previewOf, styleOf, styleOrder } from '../src/pages/create/style-draft'
import type { GeneratedSound, Recipe, RecipeModel, RecipeSource, SessionControl, Sound, SoundCard } from '../src/lib/api'

const BELLS: RecipeModel = { place: { from: 'library', id: 'bells-1' }, name: 'Bells' }
const PRIORS = [{ id: 'flow-1', name: 'Flow' }]
const walk = (changes: Partial<Recipe> = {}): Recipe => ({ models: [BELLS], source: { from: 'walk', speed_hz: 0.5, range: 1, start: [] }, seed: 3, secs: 5, ...changes })
const card = (name: string, recipe: Recipe, facts: Partial<SoundCard['facts']> = {}): SoundCard => ({
  format: 1,
  name,
  created_ms: 0,
  version: '0.1.0',
  recipe,
  facts: { rate_hz: 44_100, channels: 1, n_samples: 44_100, sha256: 'a', ...facts },
})

describe('the order that the form becomes', () => {
  const draft = (changes: Partial<Draft>): Draft => ({ ...emptyDraft(), ...changes })

  test('a walk has its controls, its seed and its loudness', () => {
    const order = orderOf(draft({ seed: 9, count: 4, loudness: -16, controls: { smoothing: 0.2 } }), BELLS, [])
    expect(order).toEqual({
      recipe: { models: [BELLS], source: { from: 'walk', speed_hz: 0.5, range: 1, start: [] }, controls: { smoothing: 0.2 }, seed: 9, secs: 5, format: 'int24', loudness_lufs: -16 },
      count: 4,
    })
  })

  test.each([
    ['model', draft({}), undefined],
    ['prior', draft({ source: 'prior' }), BELLS],
    ['prior', draft({ source: 'continue' }), BELLS],
    ['start', draft({ source: 'continue', prior: 'flow-1' }), BELLS],
    ['points', draft({ source: 'path' }), BELLS],
    ['base', draft({ source: 'vary' }), BELLS],
  ] as const)('without %s there is none', (what, it, model) => {
    expect(missing(it, model)).toBe(what)
    expect(orderOf(it, model, PRIORS)).toBeUndefined()
  })

  test('a prior is as bold as was asked, and only a prior', () => {
    expect(orderOf(draft({ source: 'prior', prior: 'flow-1', temperature: 1.5 }), BELLS, PRIORS)?.recipe.controls).toEqual({ temperature: 1.5 })
    expect(orderOf(draft({ temperature: 1.5 }), BELLS, PRIORS)?.recipe.controls).toEqual({})
  })

  test('a prior that is gone makes no order', () => {
    expect(orderOf(draft({ source: 'prior', prior: 'gone-1' }), BELLS, PRIORS)).toBeUndefined()
  })

  test('points have as many coordinates as the longest, at most those of the model', () => {
    const points = [{ name: 'a', at: [1, 2, 3] }, { name: 'b', at: [4] }]
    const pathOf = (directions: number) => orderOf(draft({ source: 'path', points }), BELLS, [], directions)?.recipe.source
    expect(pathOf(0)).toMatchObject({ points: [[1, 2, 3], [4, 0, 0]] })
    expect(pathOf(2)).toMatchObject({ points: [[1, 2], [4, 0]] })
  })

  test('variations keep the recipe, and drift only where there are several', () => {
    const base = { name: 'One', recipe: walk({ loudness_lufs: -23 }) }
    const several = orderOf(draft({ source: 'vary', base, amount: 0.4, count: 5, format: 'int16' }), undefined, [])
    expect(several).toEqual({ recipe: walk({ format: 'int16' }), count: 5, vary: 0.4 })
    expect(orderOf(draft({ source: 'vary', base, amount: 0.4, count: 1 }), undefined, [])?.vary).toBe(0)
  })

  const sources: RecipeSource[] = [
    { from: 'walk', speed_hz: 2, range: 1.5, start: [] },
    { from: 'prior', prior: { place: { from: 'library', id: 'flow-1' }, name: 'Flow' } },
    { from: 'prior', prior: { place: { from: 'library', id: 'flow-1' }, name: 'Flow' }, start: { in: 'library', id: 'x-1' }, start_secs: 2 },
    { from: 'path', points: [[1, 0], [0, 1]], way: 'sphere', is_closed: true },
  ]
  test.each(sources)('a recipe fills in the form and comes out of it the same: $from', (source) => {
    const recipe = walk({ source, controls: { scale: 1.2 }, format: 'float32', loudness_lufs: -14, models: [BELLS, { place: { from: 'library', id: 'two-1' }, name: 'Two' }] })
    expect(orderOf(draftOf(recipe, 'It'), BELLS, PRIORS)?.recipe).toEqual(recipe)
  })

  test.each([
    { from: 'trajectory', frames: [[0]], rate_hz: 20 },
    { from: 'performance', input: '/x/input.wav', moves: '/x/moves.jsonl' },
    { from: 'walk', speed_hz: 1, range: 1, start: [2] },
  ] as RecipeSource[])('a recipe that has no fields is kept as it is: $from', (source) => {
    const filled = draftOf(walk({ source }), 'It')
    expect(filled.source).toBe('vary')
    expect(orderOf(filled, BELLS, [])?.recipe.source).toEqual(source)
  })

  test('every source has controls, and only sounds that come in have those of an input', () => {
    const row = (key: string): SessionControl => ({ number: 0, key, title: key, least: 0, most: 1, default: 0, unit: '', help: '' })
    const all = ['mic', 'wet', 'follow', 'transpose', 'gain', 'path_speed', 'temperature', 'scale', 'model_2'].map(row)
    const keys = (source: Parameters<typeof controlsFor>[1]) => controlsFor(all, source).map(({ key }) => key)
    expect(keys('sound')).toEqual(['wet', 'follow', 'transpose', 'gain', 'scale'])
    expect(keys('path')).toEqual(['gain', 'path_speed', 'scale'])
    for (const source of SOURCES) expect(keys(source)).toContain('scale')
  })
})

test('numbers that are typed stay within limits; what is none changes nothing', () => {
  expect(within('7', 1, 5)).toBe(5)
  expect(within('-1', 1, 5)).toBe(1)
  expect([within('', 1, 5), within(' ', 1, 5), within('x', 1, 5), within('1e999', 1, 5)]).toEqual([undefined, undefined, undefined, undefined])
})

test('dice give whole seeds that can be written down', () => {
  expect([thrown(() => 0), thrown(() => 0.9999999999)]).toEqual([0, 999_999])
})

describe('recipes in words', () => {
  test.each([
    [walk(), 'a random walk through Bells, 0.5 Hz, up to 1 σ'],
    [walk({ variation: { amount: 0.3, seed: 4 } }), 'a random walk through Bells, 0.5 Hz, up to 1 σ, varied by 0.3 σ'],
    [walk({ source: { from: 'sound', sound: { in: 'file', path: '/music/a b.wav' } } }), 'a b.wav through Bells'],
    [walk({ source: { from: 'path', points: [[0], [1]], way: 'sphere' } }), 'a curved path through 2 points of Bells'],
    [walk({ source: { from: 'prior', prior: { place: { from: 'file', path: 'C:\\p\\flow.maq' } } } }), 'flow.maq made it up, Bells plays it'],
    [walk({ source: { from: 'performance', input: '', moves: '' } }), 'Bells played live'],
  ])('%#', (recipe, words) => expect(sentenceOf(recipe)).toBe(words))

  test('controls have their names and units', () => {
    const rows: SessionControl[] = [{ number: 21, key: 'smoothing', title: 'Smoothing', least: 0, most: 2, default: 0, unit: 's', help: '' }]
    const lines = linesOf(walk({ controls: { smoothing: 0.25, 'z3.bias': -1.5, unheard: 1 } }), rows, [{ ...rows[0]!, key: 'bias', title: 'Bias', unit: 'σ' }])
    expect(lines).toContainEqual({ title: 'Smoothing', value: '0.25\u202fs' })
    expect(lines).toContainEqual({ title: 'Direction 3: Bias', value: '−1.5\u202fσ' })
    expect(lines).toContainEqual({ title: 'unheard', value: '1' })
    expect(lines).toContainEqual({ title: 'Seed', value: '3' })
  })

  test('it opens where it is changed', () => {
    expect(formHref(walk(), 'sound:x-1')).toBe('/create/generate?recipe=sound%3Ax-1')
    expect(formHref(walk({ source: { from: 'sound', sound: { in: 'upload', upload: 'u' } } }), 'sound:x-1')).toBe('/create/style?recipe=sound%3Ax-1')
  })

  test('long seeds are cut', () => expect([shortSeed(999_999), shortSeed(9_007_199_254_740_991)]).toEqual(['999999', '…40991']))

  test('a preset is an order, or it is none', () => {
    expect(presetIn({ recipe: walk(), count: 3 })).toMatchObject({ count: 3 })
    for (const wrong of [null, 'x', {}, { recipe: {} }, { recipe: { models: 'x', source: 1 } }]) expect(presetIn(wrong)).toBeUndefined()
  })
})

describe('the grid', () => {
  test.each([
    ['ArrowRight', 0, 1],
    ['ArrowRight', 9, 9],
    ['ArrowLeft', 0, 0],
    ['ArrowDown', 1, 5],
    ['ArrowDown', 7, 9],
    ['ArrowDown', 8, 8],
    ['ArrowUp', 5, 1],
    ['ArrowUp', 2, 2],
    ['Home', 7, 0],
    ['End', 2, 9],
    ['k', 2, undefined],
  ])('%s from %i of ten, four a row, goes to %s', (key, at, to) => expect(stepIn(key, at, 10, 4)).toBe(to))

  test('sounds in an order; silence is quietest', () => {
    const made = (number: number, lufs: number | null, seed: number): GeneratedSound => ({ number, path: '', card: card('', walk({ seed }), { loudness_lufs: lufs, peak_db: lufs }) })
    const all = [made(1, -20, 5), made(2, null, 4), made(3, -12, 9), made(4, -20, 1)]
    const numbers = (order: Parameters<typeof sorted>[1]) => sorted(all, order).map(({ number }) => number)
    expect(numbers('number')).toEqual([1, 2, 3, 4])
    expect(numbers('loud')).toEqual([3, 1, 4, 2])
    expect(numbers('quiet')).toEqual([2, 1, 4, 3])
    expect(numbers('seed')).toEqual([4, 2, 1, 3])
  })
})

describe('the gallery', () => {
  const sound = (id: string, name: string, tags: string[] = [], isFavourite = false, recipe = walk()): Sound => ({ id, project: 'default', added_ms: 0, card: card(name, recipe), is_favourite: isFavourite, tags, folder: '' })
  const all = [sound('a', 'Dark pad', ['pad', 'dark'], true), sound('b', 'Bright hit', ['hit']), sound('c', 'Other', [], false, walk({ models: [{ place: { from: 'file', path: '/m.maq' }, name: 'Outside' }] }))]

  test.each([
    [{}, ['a', 'b', 'c']],
    [{ text: 'PAD dark' }, ['a']],
    [{ text: 'bells' }, ['a', 'b']],
    [{ tag: 'hit' }, ['b']],
    [{ tag: 'hi' }, []],
    [{ isFavourite: true }, ['a']],
    [{ model: 'bells-1' }, ['a', 'b']],
  ])('%j', (wanted, ids) => expect(chosen(all, wanted).map(({ id }) => id)).toEqual(ids))

  test('its tags and models', () => {
    expect(tagsOf(all)).toEqual(['dark', 'hit', 'pad'])
    expect([...modelsIn(all)]).toEqual([['bells-1', 'Bells']])
    expect(typedTags(' pad, dark   blue ,, pad')).toEqual(['pad', 'dark blue'])
  })
})

test('why a sound came out differently', () => {
  const kept = card('x', walk({ models: [{ ...BELLS, sha256: '1' }] }))
  expect(reasonOf(kept, card('x', walk({ models: [{ ...BELLS, sha256: '2' }] })))).toBe('otherModel')
  expect(reasonOf(kept, { ...kept, version: '0.2.0' })).toBe('otherVersion')
  expect(reasonOf({ ...kept, facts: { ...kept.facts, sha256: '' } }, kept)).toBe('unhashed')
  expect(reasonOf(kept, kept)).toBe('unknown')
})

describe('points', () => {
  test('random ones lie where sounds do', () => {
    const all = Array.from({ length: 400 }, () => likely(3)).flat()
    expect(Math.max(...all.map(Math.abs))).toBeLessThanOrEqual(2)
    expect(Math.abs(all.reduce((sum, one) => sum + one, 0) / all.length)).toBeLessThan(0.2)
    expect(likely(100)).toHaveLength(16)
  })
  test('only whole ones are used', () => {
    expect(pointIn({ point: [1, -2] })).toEqual([1, -2])
    expect(pointIn({ point: [] })).toEqual([0])
    for (const wrong of [null, 3, {}, { point: ['1'] }, { point: [Number.NaN] }]) expect(pointIn(wrong)).toBeUndefined()
  })
  test('a sound of a map lies where its loud points are', () => {
    const row = (sound: number, loudness: number) => [0, 0, sound, 0, loudness, 0]
    const points = Float32Array.from([...row(0, 0), ...row(1, 0), ...row(1, -120)])
    const coordinates = Float32Array.from([1, 2, 3, 4, -50, -50])
    expect(placeOfSound(points, coordinates, 2, 0)).toEqual([1, 2])
    expect(placeOfSound(points, coordinates, 2, 1)?.map(Math.round)).toEqual([3, 4])
    expect(placeOfSound(points, coordinates, 2, 2)).toBeUndefined()
  })
  test('their order changes', () => {
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
    expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b'])
  })
})

describe('sounds through models', () => {
  const models = [{ id: 'bells-1', name: 'Bells' }, { id: 'two-1', name: 'Two' }]
  const place = { in: 'dataset', dataset: 'd-1', idx: 2 } as const

  test('without a sound or a model there is no order', () => {
    expect(styleOrder(emptyStyle(), models)).toBeUndefined()
    expect(styleOrder({ ...emptyStyle(), models: ['gone'], inputs: [{ place, name: 'x' }] }, models)).toBeUndefined()
  })

  test('several models have weights, one has none', () => {
    const draft = { ...emptyStyle(), models: ['bells-1', 'two-1'], weights: [0.7, 0.5], sharesLatents: true, inputs: [{ place, name: 'x' }] }
    expect(styleOrder(draft, models)?.recipe.controls).toEqual({ model_1: 0.7, model_2: 0.5, share_latents: 1 })
    expect(styleOrder({ ...draft, models: ['bells-1'] }, models)?.recipe.controls).toEqual({})
  })

  test('an order fills in the form, and comes out of it the same', () => {
    const draft = { ...emptyStyle(), models: ['bells-1', 'two-1'], weights: [1, 0.5], inputs: [{ place, name: 'x' }], transposesToModel: true, controls: { wet: 0.5 }, loudness: -14 }
    const order = styleOrder(draft, models)!
    expect(styleOf(order, () => 'x')).toEqual(draft)
  })

  test('a folder is an order of its own', () => {
    expect(styleOrder({ ...emptyStyle(), models: ['bells-1'], folder: '/music' }, models)).toMatchObject({ folder: '/music', inputs: [] })
  })

  test('a preview is the first seconds of one sound', () => {
    const order = styleOrder({ ...emptyStyle(), models: ['bells-1'], folder: '/music' }, models)!
    const preview = previewOf(order, { in: 'file', path: '/music/a.wav' }, 'Preview')
    expect(preview).toMatchObject({ count: 1, inputs: [], recipe: { secs: 8, source: { sound: { path: '/music/a.wav' } } } })
    expect(preview.folder).toBeUndefined()
  })
})

test('every recipe that comes with Maquette makes a sound of its own', () => {
  expect(new Set(EXAMPLES.map(({ seed }) => seed)).size).toBe(EXAMPLES.length)
  for (const { source, secs } of EXAMPLES) {
    expect(secs).toBeGreaterThan(0)
    if (source.from === 'path') expect(source.points.length).toBeGreaterThan(0)
  }
})
