// How an editor of notes is drawn on its canvas: keys from low to high, the grid, other parts behind, the notes, what is chosen.

import { columns, type Envelope } from './envelope'
import type { Axis, Division } from './note-axis'
import { type Box, type Chosen, endOf, type EditNote, KEY_MAX, type Notes } from './note-editing'
import { isBlack, keyName } from './piano-roll'
import { colour, isForced } from './theme.svelte'
import type { Region } from './timeline'

/** What is in sight: seconds from left to right, and keys in rows from the highest down. */
export interface Sight {
  view: Region
  /** Size in CSS pixels. */
  width: number
  height: number
  /** The height of a key, and how far the keys are scrolled down. */
  row: number
  scrolled: number
}

export const xOf = ({ view, width }: Sight, secs: number): number => ((secs - view.start) / Math.max(1e-6, view.end - view.start)) * width
export const secsAt = ({ view, width }: Sight, x: number): number => view.start + (x / Math.max(1, width)) * (view.end - view.start)
export const yOf = ({ row, scrolled }: Sight, key: number): number => (KEY_MAX - key) * row - scrolled
export const keyAt = ({ row, scrolled }: Sight, y: number): number => Math.max(0, Math.min(KEY_MAX, KEY_MAX - Math.floor((y + scrolled) / row)))

/** Where a note is drawn. Short ones stay visible. */
export function boxOf(note: EditNote, axis: Axis, sight: Sight): Box {
  const left = xOf(sight, axis.secsOf(note.start))
  const top = yOf(sight, note.key)
  return { id: note.id, left, right: Math.max(left + 3, xOf(sight, axis.secsOf(endOf(note)))), top, bottom: top + sight.row }
}

/** Boxes of the notes that are in sight, with some room around for fingers. */
export function boxesIn(notes: Notes, axis: Axis, sight: Sight): Box[] {
  const room = 24
  const [from, to] = [axis.placeOf(secsAt(sight, -room)), axis.placeOf(secsAt(sight, sight.width + room))]
  const [low, high] = [keyAt(sight, sight.height + room), keyAt(sight, -room)]
  return notes.filter((note) => note.start <= to && endOf(note) >= from && note.key >= low && note.key <= high).map((note) => boxOf(note, axis, sight))
}

export interface Drawn {
  notes: Notes
  chosen: Chosen
  /** Notes of other parts. */
  behind: Notes
  axis: Axis
  division: Division
  envelope?: Envelope | undefined
  /** A field that is being drawn around notes. */
  field?: { left: number; top: number; right: number; bottom: number } | undefined
  /** Size of text in CSS pixels. */
  text: number
}

/** Lines of the grid closer than this are too many to be told apart. */
const PIXELS_MIN = 7
/** Keys of at least this height have names, all of them; else only each C. */
const NAMED_ROW = 16

export function draw(context: CanvasRenderingContext2D, sight: Sight, drawn: Drawn): void {
  const { width, height } = sight
  context.clearRect(0, 0, width, height)
  drawKeys(context, sight)
  if (drawn.envelope) drawShape(context, sight, drawn.envelope)
  drawGrid(context, sight, drawn)
  context.fillStyle = colour('muted')
  context.globalAlpha = 0.3
  for (const { left, right, top } of boxesIn(drawn.behind, drawn.axis, sight)) context.fillRect(left, top + sight.row * 0.3, right - left, Math.max(2, sight.row * 0.4))
  context.globalAlpha = 1
  drawNames(context, sight, drawn.text)
  drawNotes(context, sight, drawn)
  const { field } = drawn
  if (!field) return
  const at: [number, number, number, number] = [Math.min(field.left, field.right), Math.min(field.top, field.bottom), Math.abs(field.right - field.left), Math.abs(field.bottom - field.top)]
  context.fillStyle = context.strokeStyle = colour('accent')
  context.globalAlpha = 0.15
  context.fillRect(...at)
  context.globalAlpha = 1
  context.strokeRect(at[0] + 0.5, at[1] + 0.5, at[2], at[3])
}

function drawKeys(context: CanvasRenderingContext2D, sight: Sight): void {
  const { width, height, row } = sight
  context.fillStyle = colour('line')
  for (let key = keyAt(sight, height); key <= keyAt(sight, 0); key++) {
    const y = yOf(sight, key)
    if (isBlack(key)) {
      context.globalAlpha = 0.35
      context.fillRect(0, y, width, row)
    }
    context.globalAlpha = key % 12 === 0 ? 1 : 0.4
    context.fillRect(0, Math.round(y + row) - 1, width, 1)
    context.globalAlpha = 1
  }
}

function drawShape(context: CanvasRenderingContext2D, { view, width, height }: Sight, envelope: Envelope): void {
  const { min, max } = columns(envelope, view.start * envelope.rateHz, view.end * envelope.rateHz, Math.round(width))
  context.fillStyle = colour('line')
  context.globalAlpha = 0.8
  for (let i = 0; i < width; i++) {
    const [low, high] = [min[i] ?? 0, max[i] ?? 0]
    context.fillRect(i, height / 2 - (high * height) / 2, 1, Math.max(1, ((high - low) * height) / 2))
  }
  context.globalAlpha = 1
}

function drawGrid(context: CanvasRenderingContext2D, sight: Sight, { axis, division }: Drawn): void {
  const { view, width, height } = sight
  const most = width / PIXELS_MIN
  const [from, to] = [axis.placeOf(view.start), axis.placeOf(view.end)]
  // Where steps are too near each other, beats are drawn, else bars.
  let lines = axis.lines(from, to, division, most)
  if (lines.length === 0) lines = axis.lines(from, to, '1/4', most)
  if (lines.length === 0) lines = axis.lines(from, to, '1/1', most)
  const [strong, plain] = [colour('line-strong'), colour('line')]
  for (const { at, begins } of lines) {
    context.fillStyle = begins === 'bar' ? strong : plain
    context.globalAlpha = begins === 'step' ? 0.5 : 1
    context.fillRect(Math.round(xOf(sight, axis.secsOf(at))), 0, 1, height)
  }
  context.globalAlpha = 1
}

function drawNotes(context: CanvasRenderingContext2D, sight: Sight, { notes, chosen, axis }: Drawn): void {
  const velocities = new Map(notes.map(({ id, velocity }) => [id, velocity]))
  const gap = Math.min(1, sight.row * 0.1)
  const [ground, tone, ring] = [colour('bg'), colour('series-1'), colour('focus')]
  const isPlain = isForced()
  context.lineWidth = 2
  context.strokeStyle = ring
  for (const { id, left, right, top, bottom } of boxesIn(notes, axis, sight)) {
    // Repeated ones stay apart; soft ones are paler, and hide what is behind them all the same.
    const at: [number, number, number, number] = [left, top + gap, Math.max(2, right - left - 1), bottom - top - 2 * gap]
    context.fillStyle = ground
    context.fillRect(...at)
    context.fillStyle = tone
    context.globalAlpha = isPlain ? 1 : 0.4 + (0.6 * (velocities.get(id) ?? 0)) / 127
    context.fillRect(...at)
    context.globalAlpha = 1
    if (chosen.has(id)) context.strokeRect(left + 1, top + gap + 1, Math.max(1, right - left - 3), bottom - top - 2 * gap - 2)
  }
}

function drawNames(context: CanvasRenderingContext2D, sight: Sight, text: number): void {
  context.font = `${text}px system-ui, sans-serif`
  context.textBaseline = 'middle'
  context.fillStyle = colour('muted')
  for (let key = keyAt(sight, sight.height); key <= keyAt(sight, 0); key++) {
    if (key % 12 !== 0 && (sight.row < NAMED_ROW || isBlack(key))) continue
    context.fillText(keyName(key), 4, yOf(sight, key) + sight.row / 2 + 1)
  }
}
