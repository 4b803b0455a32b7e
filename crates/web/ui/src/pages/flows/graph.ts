// How a flow is drawn: boxes in columns, each to the right of all that it uses, and lines between them.

import type { FlowCheck, FlowPlan } from '$lib/api'

/** Sizes, in rem: they grow with the text. */
export const BOX = { width: 11, height: 4.25 }
const GAP = { across: 2.25, down: 1.1 }
/** How narrow it may become, as a share of its width, before it scrolls. */
export const LEAST = 0.68
/** A part of a length in per cent, so that it shrinks with it. */
export const share = (part: number, of: number): string => `${(part / Math.max(1, of)) * 100}%`

export interface Box {
  key: string
  isInput: boolean
  column: number
  row: number
  x: number
  y: number
}
export interface Line {
  from: string
  to: string
  path: string
}
export interface Picture {
  boxes: Box[]
  lines: Line[]
  width: number
  height: number
}

type Order = Pick<FlowCheck, 'columns' | 'uses'>

/** The picture of a flow. Steps that are in no column, since they wait for each other, come last. */
export function pictureOf(plan: Pick<FlowPlan, 'inputs' | 'steps'>, { columns, uses }: Order): Picture {
  const inputs = (plan.inputs ?? []).map(({ key }) => key)
  const isStep = new Set(plan.steps.map(({ key }) => key))
  const known = columns.map((column) => column.filter((key) => isStep.has(key)))
  const placed = new Set(known.flat())
  const rest = [...isStep].filter((key) => !placed.has(key))
  const all = [inputs, ...known, rest].filter((column) => column.length > 0)
  const rows = new Map<string, number>()
  const boxes: Box[] = []
  const tallest = Math.max(0, ...all.map((column) => column.length))
  for (const [column, keys] of all.entries()) {
    // Beside what they use, so that few lines cross.
    const middle = (key: string) => {
      const used = (uses[key] ?? []).flatMap((other) => rows.get(other) ?? [])
      return used.length > 0 ? used.reduce((sum, row) => sum + row, 0) / used.length : 0
    }
    const sorted = column === 0 ? keys : keys.map((key, i) => ({ key, i, at: middle(key) })).sort((a, b) => a.at - b.at || a.i - b.i).map(({ key }) => key)
    const above = (tallest - sorted.length) / 2
    for (const [i, key] of sorted.entries()) {
      rows.set(key, i + above)
      boxes.push({ key, isInput: inputs.includes(key), column, row: i, x: column * (BOX.width + GAP.across), y: (i + above) * (BOX.height + GAP.down) })
    }
  }
  const at = new Map(boxes.map((box) => [box.key, box]))
  const lines = plan.steps.flatMap(({ key: to }) => (uses[to] ?? []).flatMap((from): Line[] => (at.has(from) && at.has(to) && from !== to ? [{ from, to, path: pathOf(at.get(from)!, at.get(to)!) }] : [])))
  const width = Math.max(0, all.length * (BOX.width + GAP.across) - GAP.across)
  const height = Math.max(0, tallest * (BOX.height + GAP.down) - GAP.down)
  return { boxes, lines, width, height }
}

function pathOf(from: Box, to: Box): string {
  const [x1, y1, x2, y2] = [from.x + BOX.width, from.y + BOX.height / 2, to.x, to.y + BOX.height / 2]
  const reach = Math.max(GAP.across / 2, (x2 - x1) / 2)
  return `M${n(x1)} ${n(y1)}C${n(x1 + reach)} ${n(y1)} ${n(x2 - reach)} ${n(y2)} ${n(x2)} ${n(y2)}`
}
const n = (value: number): number => Math.round(value * 100) / 100

/** The box that an arrow key goes to; undefined where there is none. */
export function boxAfter(boxes: readonly Box[], key: string, arrow: string): Box | undefined {
  const at = boxes.find((box) => box.key === key)
  if (!at) return boxes[0]
  const inColumn = (column: number) => boxes.filter((box) => box.column === column)
  const nearest = (column: number) => [...inColumn(column)].sort((a, b) => Math.abs(a.y - at.y) - Math.abs(b.y - at.y))[0]
  switch (arrow) {
    case 'ArrowUp':
      return inColumn(at.column).find(({ row }) => row === at.row - 1)
    case 'ArrowDown':
      return inColumn(at.column).find(({ row }) => row === at.row + 1)
    case 'ArrowLeft':
      return nearest(at.column - 1)
    case 'ArrowRight':
      return nearest(at.column + 1)
    case 'Home':
      return boxes[0]
    case 'End':
      return boxes.at(-1)
    default:
      return undefined
  }
}
