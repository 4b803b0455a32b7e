// How a family tree is drawn: generations in columns, ancestors to the left, and lines with how each was made.

import type { Playable } from '$instruments/player.svelte'
import { type FamilyTree, type KinOf, type SoundPlace } from '$lib/api'
import { libraryFileUrl } from '$lib/api/library'

import { pageOf, playableAt } from '../create/places'
import type { Box } from '../flows/graph'

/** Sizes, in rem: they grow with the text. */
export const MEMBER = { width: 11, height: 4.25 }
const GAP = { across: 6, down: 0.75 }
/** How narrow it may become, as a share of its width, before it scrolls. */
export const LEAST = 0.66
/** How many letters of a name fit on two lines of a box, whose width is such a share of what it is at most. */
export const lettersAt = (share: number): number => Math.round(42 * share - 9)

export interface Line {
  from: string
  to: string
  path: string
}
/** The word on lines that meet at a member. */
export interface Word {
  key: string
  text: string
  x: number
  y: number
}
export interface Picture {
  boxes: Box[]
  lines: Line[]
  words: Word[]
  width: number
  height: number
}

export function pictureOf({ members, links }: Pick<FamilyTree, 'members' | 'links'>): Picture {
  const generations = [...new Set(members.map(({ generation }) => generation))].sort((a, b) => a - b)
  const tallest = Math.max(0, ...generations.map((one) => members.filter(({ generation }) => generation === one).length))
  const rows = new Map<string, number>()
  const near = (key: string) => {
    const at = links.flatMap(({ parent, child }) => (parent === key ? (rows.get(child) ?? []) : child === key ? (rows.get(parent) ?? []) : []))
    return at.length > 0 ? at.reduce((sum, row) => sum + row, 0) / at.length : 0
  }
  // From the middle outwards, each beside those it belongs to, so that few lines cross.
  const outwards = [...generations].sort((a, b) => Math.abs(a) - Math.abs(b))
  const boxes: Box[] = []
  for (const generation of outwards) {
    const keys = members.filter((one) => one.generation === generation).map(({ key }, i) => ({ key, i, at: near(key) }))
    keys.sort((a, b) => a.at - b.at || a.i - b.i)
    const above = (tallest - keys.length) / 2
    const column = generations.indexOf(generation)
    for (const [row, { key }] of keys.entries()) {
      rows.set(key, row + above)
      boxes.push({ key, isInput: false, column, row, x: column * (MEMBER.width + GAP.across), y: (row + above) * (MEMBER.height + GAP.down) })
    }
  }
  boxes.sort((a, b) => a.column - b.column || a.row - b.row)
  const at = new Map(boxes.map((box) => [box.key, box]))
  const generationOf = new Map(members.map(({ key, generation }) => [key, generation]))
  const known = links.filter(({ parent, child }) => at.has(parent) && at.has(child))
  const lines = known.map(({ parent: from, child: to }) => ({ from, to, path: pathOf(at.get(from)!, at.get(to)!) }))
  // A word stands at the end that is farther from the middle, where lines do not meet.
  const said = new Map<string, { box: Box; isParent: boolean; hows: Set<string> }>()
  for (const { parent, child, how } of known) {
    const isParent = (generationOf.get(parent) ?? 0) < 0
    const key = isParent ? parent : child
    const word = said.get(key) ?? { box: at.get(key)!, isParent, hows: new Set<string>() }
    word.hows.add(how)
    said.set(key, word)
  }
  const words = [...said].map(([key, { box, isParent, hows }]) => ({ key, text: [...hows].join(', '), x: isParent ? box.x + MEMBER.width : box.x - GAP.across, y: box.y + MEMBER.height / 2 }))
  return {
    boxes,
    lines,
    words,
    width: Math.max(0, generations.length * (MEMBER.width + GAP.across) - GAP.across),
    height: Math.max(0, tallest * (MEMBER.height + GAP.down) - GAP.down),
  }
}

/** How wide a word between two columns may be. */
export const WORD_WIDTH = GAP.across

function pathOf(from: Box, to: Box): string {
  const isForth = to.x > from.x
  const [x1, x2] = isForth ? [from.x + MEMBER.width, to.x] : [from.x + MEMBER.width / 2, to.x + MEMBER.width / 2]
  const [y1, y2] = [from.y + MEMBER.height / 2, to.y + MEMBER.height / 2]
  const reach = isForth ? (x2 - x1) / 2 : GAP.across
  return `M${n(x1)} ${n(y1)}C${n(x1 + reach)} ${n(y1)} ${n(x2 - (isForth ? reach : -reach))} ${n(y2)} ${n(x2)} ${n(y2)}`
}
const n = (value: number): number => Math.round(value * 100) / 100

/** Where a member is as a sound, if it is one that a recipe can name. */
function placeOf(what: KinOf): SoundPlace | undefined {
  switch (what.is) {
    case 'sound':
      return { in: 'library', id: what.id }
    case 'generated':
      return { in: 'generation', id: what.id, number: what.number }
    case 'pattern':
      return { in: 'pattern', id: what.id }
    case 'dataset':
      return { in: 'dataset', dataset: what.dataset, idx: what.idx }
    default:
      return undefined
  }
}

/** The page of a member, if it has one. */
export function hrefOf(what: KinOf): string | undefined {
  if (what.is === 'item') return `/library/${what.id}`
  if (what.is === 'model') return `/models/${what.id}`
  if (what.is === 'flow') return `/flow-runs/${what.id}`
  const place = placeOf(what)
  return place && pageOf(place)
}

/** What plays of a member, if it can be heard. */
export function playableOf(what: KinOf, name: string): Playable | undefined {
  if (what.is === 'item') return { id: `library/${what.id}`, title: name, tracks: [{ label: name, url: libraryFileUrl(what.id) }] }
  const place = placeOf(what)
  return place && playableAt(place, name)
}

/** What a member was made of, as a list says it: each parent with how. */
export const parentsOf = ({ members, links }: Pick<FamilyTree, 'members' | 'links'>, key: string): { how: string; name: string }[] =>
  links.filter(({ child }) => child === key).map(({ parent, how }) => ({ how, name: members.find((one) => one.key === parent)?.name ?? parent }))
