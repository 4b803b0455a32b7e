// Family trees: where members stand, which words are on their lines, and where they lead.

import { expect, test } from 'vitest'

import type { FamilyTree, Kin, KinOf } from '../src/lib/api'
import { hrefOf, LEAST, lettersAt, MEMBER, parentsOf, pictureOf, playableOf } from '../src/pages/family/tree'

const member = (key: string, generation: number, what: KinOf = { is: 'sound', id: key }): Kin => ({ key, generation, name: key.toUpperCase(), what })
const tree: FamilyTree = {
  of: 'x',
  is_cut: false,
  members: [member('m', -1, { is: 'model', id: 'm' }), member('p', -1), member('q', -1), member('x', 0), member('c', 1), member('d', 1), member('e', 2)],
  links: [
    { parent: 'p', child: 'x', how: 'blended' },
    { parent: 'q', child: 'x', how: 'blended' },
    { parent: 'm', child: 'x', how: 'made by' },
    { parent: 'x', child: 'c', how: 'sent through a model' },
    { parent: 'x', child: 'd', how: 'cut from' },
    { parent: 'd', child: 'e', how: 'blended' },
    { parent: 'gone', child: 'e', how: 'blended' },
  ],
}

test('ancestors stand to the left, descendants to the right, none on another', () => {
  const { boxes, lines, width, height } = pictureOf(tree)
  const at = (key: string) => boxes.find((box) => box.key === key)!
  expect(new Set(boxes.map(({ x, y }) => `${x} ${y}`)).size).toBe(7)
  expect(lines).toHaveLength(6)
  for (const { from, to } of lines) expect(at(from).x).toBeLessThan(at(to).x)
  expect(at('x').y).toBe(at('p').y)
  expect(Math.max(...boxes.map(({ x }) => x)) + MEMBER.width).toBeCloseTo(width)
  expect(Math.max(...boxes.map(({ y }) => y)) + MEMBER.height).toBeCloseTo(height)
})

test('each line has its word, at the end that is farther from the middle', () => {
  const { words, boxes } = pictureOf(tree)
  const said = Object.fromEntries(words.map(({ key, text }) => [key, text]))
  expect(said).toEqual({ p: 'blended', q: 'blended', m: 'made by', c: 'sent through a model', d: 'cut from', e: 'blended' })
  const x = boxes.find(({ key }) => key === 'x')!.x
  for (const word of words) expect(word.x < x).toBe(['p', 'q', 'm'].includes(word.key))
})

test('a member leads to its page, and plays where it can be heard', () => {
  const all: [KinOf, string | undefined, boolean][] = [
    [{ is: 'sound', id: 's' }, '/create/sounds/s', true],
    [{ is: 'generated', id: 'g', number: 2 }, '/create/generations/g', true],
    [{ is: 'pattern', id: 'p' }, '/memory/p', true],
    [{ is: 'item', id: 'i' }, '/library/i', true],
    [{ is: 'dataset', dataset: 'd', idx: 3 }, '/datasets/d', true],
    [{ is: 'file', path: '/a.wav' }, undefined, false],
    [{ is: 'model', id: 'm' }, '/models/m', false],
    [{ is: 'flow', id: 'f' }, '/flow-runs/f', false],
  ]
  for (const [what, href, canPlay] of all) {
    expect(hrefOf(what)).toBe(href)
    expect(playableOf(what, 'x') !== undefined, what.is).toBe(canPlay)
  }
})

test('a list says what each was made of', () => {
  expect(parentsOf(tree, 'x')).toEqual([{ how: 'blended', name: 'P' }, { how: 'blended', name: 'Q' }, { how: 'made by', name: 'M' }])
  expect(parentsOf(tree, 'p')).toEqual([])
})

test('names are shorter in narrower boxes', () => {
  expect([lettersAt(LEAST), lettersAt(1)]).toEqual([19, 33])
})
