// Blends: what the form holds, the order that it becomes, shares by a point on a square, and the recipe in words.

import { expect, test } from 'vitest'

import type { Recipe } from '../src/lib/api'
import { formHref, linesOf, placeOf, sentenceOf } from '../src/pages/create/recipe'
import { blendDraftOf, blendOrder, type BlendDraft, cornersOf, countOf, emptyBlend, isVaried, missingBlend, movedSound, pointOf, sharesAt, sharesOf, withCount, withSounds } from '../src/pages/create/blend-draft'
import { generatedPath, pageOf, playableAt } from '../src/pages/create/places'

const pattern = (id: string) => ({ place: { in: 'pattern' as const, id }, name: `pattern ${id}` })
const draft = (changes: Partial<BlendDraft> = {}): BlendDraft => ({ ...withSounds(emptyBlend(), [pattern('a'), pattern('b')]), ...changes })
const model = { place: { from: 'library' as const, id: 'm-1' }, name: 'Bells' }

test('an order has a model for latents alone', () => {
  expect(blendOrder(draft(), model)?.recipe).toMatchObject({ models: [], source: { from: 'blend', way: 'grains', grain_secs: 0.12, sounds: [{ sound: { in: 'pattern', id: 'a' }, weight: 1 }, {}] } })
  expect(blendOrder(draft({ way: 'latents' }), model)?.recipe.models).toEqual([model])
  expect(blendOrder(draft({ secs: 3, rhythm: 1 }), undefined)?.recipe).toMatchObject({ secs: 3, source: { rhythm: 1 } })
  expect(blendOrder(draft(), model)?.recipe).not.toHaveProperty('secs')
})

test('what is missing is said', () => {
  expect(missingBlend(emptyBlend(), model)).toBe('sounds')
  expect(missingBlend(draft({ way: 'latents' }), undefined)).toBe('model')
  expect(missingBlend(draft({ sounds: [{ ...pattern('a'), weight: 0 }] }), model)).toBe('shares')
  expect(missingBlend(draft(), undefined)).toBeUndefined()
})

test('an order fills the form in again', () => {
  const again = (before: BlendDraft) => blendDraftOf(blendOrder(before, undefined)!, (place) => (place.in === 'pattern' ? `pattern ${place.id}` : ''))
  const before = draft({ rhythm: 0, secs: 2, count: 3, seed: 7, scatterSecs: 0.5 })
  expect(again(before)).toEqual(before)
  expect(again({ ...before, way: 'layers' })).toEqual({ ...before, way: 'layers', count: 1 })
  expect(blendDraftOf({ recipe: { models: [model], source: { from: 'walk', speed_hz: 1, range: 1 } } }, () => '')).toBeUndefined()
})

test('several are made only where they differ', () => {
  expect(draft({ count: 3 })).toMatchObject({ way: 'grains', scatterSecs: 0.05 })
  expect(countOf(draft({ count: 3 }))).toBe(3)
  for (const way of ['spectra', 'latents', 'path', 'layers'] as const) expect(blendOrder(draft({ way, count: 3 }), model)?.count).toBe(1)
  const alone = withSounds(draft({ scatterSecs: 0, count: 3 }), [pattern('a')])
  expect([countOf(alone), isVaried(alone), isVaried({ ...alone, scatterSecs: 0.1 })]).toEqual([1, false, true])
  expect(withCount(draft({ scatterSecs: 0, count: 1 }), 2).scatterSecs).toBe(0.05)
  expect(withCount(draft({ scatterSecs: 0.5, count: 1 }), 2).scatterSecs).toBe(0.5)
})

test('sounds that stay keep their shares, and the rhythm stays with its sound', () => {
  const before = draft({ rhythm: 1, sounds: [{ ...pattern('a'), weight: 0.2 }, { ...pattern('b'), weight: 0.7 }] })
  const after = withSounds(before, [pattern('b'), pattern('c')])
  expect(after.sounds.map(({ weight }) => weight)).toEqual([0.7, 1])
  expect(after.rhythm).toBe(0)
  expect(withSounds(before, [pattern('a')]).rhythm).toBeUndefined()
  expect(withSounds(before, Array.from({ length: 20 }, (_, i) => pattern(String(i)))).sounds).toHaveLength(16)
})

test.each([2, 3, 4])('a point on the square gives shares of %i sounds, and shares the point', (n) => {
  for (const [x, y] of [[0.5, 0.5], [0.25, 0.5], [0.9, 0.3]] as const) {
    const shares = sharesAt(n, x, y)
    expect(shares).toHaveLength(n)
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1)
    const point = pointOf(shares)
    expect(point.x).toBeCloseTo(x)
    if (n > 2) expect(point.y).toBeCloseTo(y)
  }
  // At a corner, its sound is alone.
  for (const [i, { x, y }] of cornersOf(n).entries()) expect(sharesAt(n, x / 100, y / 100)[i]).toBe(1)
})

test('shares of nothing are nothing', () => {
  expect(sharesOf([0, 0])).toEqual([0, 0])
  expect(sharesOf([1, 3])).toEqual([0.25, 0.75])
})

test('the recipe is said in words, and opens in its form', () => {
  const recipe: Recipe = { models: [], source: { from: 'blend', sounds: [{ sound: { in: 'pattern', id: 'a', excerpt: { path: '/a.wav', name: 'bell, 1 s' } }, weight: 1 }, { sound: { in: 'pattern', id: 'b' }, weight: 3 }], way: 'grains', grain_secs: 0.1, rhythm: 0 }, seed: 1 }
  expect(sentenceOf(recipe)).toBe('2 sounds blended as grains')
  expect(placeOf({ in: 'pattern', id: 'b' })).toBe('a pattern of the memory')
  const lines = linesOf(recipe)
  expect(lines.find(({ title }) => title === 'Blended')?.value).toBe('bell, 1 s: 25%, a pattern of the memory: 75%')
  expect(lines.find(({ title }) => title === 'Rhythm of')?.value).toBe('bell, 1 s')
  expect(sentenceOf({ ...recipe, models: [model], source: { from: 'blend', sounds: [{ sound: { in: 'library', id: 's' } }], way: 'latents' } })).toBe('1 sound blended as latents of Bells')
  expect(formHref(recipe, 'sound:x')).toBe('/create/blend?recipe=sound%3Ax')
})

test('a sound plays and opens where it is', () => {
  expect(generatedPath(3)).toBe('sounds/0003/sound.wav')
  expect(playableAt({ in: 'generation', id: 'g', number: 12 }, 'x')?.tracks[0]?.url).toBe('/api/generations/g/files/sounds/0012/sound.wav')
  expect(playableAt({ in: 'file', path: '/a.wav' }, 'x')).toBeUndefined()
  expect(playableAt({ in: 'pattern', id: 'p' }, 'x')?.id).toBe('pattern/p')
  expect([pageOf({ in: 'pattern', id: 'p' }), pageOf({ in: 'library', id: 's' }), pageOf({ in: 'upload', upload: 'u' })]).toEqual(['/memory/p', '/create/sounds/s', undefined])
})

test('a path through latents goes in the order of the sounds, which can be changed', () => {
  const before = draft({ way: 'path', rhythm: 0 })
  const after = movedSound(before, 0, 1)
  expect(after.sounds.map(({ name }) => name)).toEqual(['pattern b', 'pattern a'])
  expect(after.rhythm).toBe(1)
  expect(movedSound(before, 0, -1)).toBe(before)
  expect(missingBlend(before, undefined)).toBe('model')
  expect(blendOrder(before, model)?.recipe.models).toEqual([model])
})
