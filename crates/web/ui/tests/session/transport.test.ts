// Sound on its way to a session and back: every block at its place, what is late is covered without a click.

import { describe, expect, test } from 'vitest'

import { asked, controlsMessage, pointMessage, statusOf } from '../../src/pages/session/protocol'
import { blockOf, Blocks, bytesOf, POOLED_HEAD, QUANTUM } from '../../src/pages/session/transport/blocks'
import { Concealment } from '../../src/pages/session/transport/concealment'
import { RateBridge } from '../../src/pages/session/transport/rates'
import { Resampler } from '../../src/pages/session/transport/resample'

const RATE = 44_100

/** What a session would answer that gives back what it hears. */
function echo(message: ArrayBuffer): ArrayBuffer {
  const bytes = asked(message)
  const view = new DataView(message)
  const [number, samples] = [view.getUint32(1, true), view.getUint16(5, true)]
  const answer = new ArrayBuffer(message.byteLength)
  const channels = (message.byteLength - POOLED_HEAD) / 4 / samples
  new Uint32Array(answer, 0, 4).set([number, samples, channels, 0])
  new Uint8Array(answer, POOLED_HEAD).set(bytes.subarray(8))
  return answer
}

/** Plays `n` quanta of a sine through blocks that are answered after so many quanta; negative: never. */
function play(delayOf: (number: number) => number, n: number, channels = 1, buffer = 1024) {
  const due: { at: number; message: ArrayBuffer }[] = []
  let at = 0
  const blocks = new Blocks({ rateHz: RATE, channels, buffer }, (message) => {
    const delay = delayOf(new DataView(message).getUint32(1, true))
    if (delay >= 0) due.push({ at: at + delay, message: echo(message) })
  })
  blocks.isOpen = true
  const into: number[] = []
  const out: number[][] = Array.from({ length: channels }, () => [])
  for (; at < n; at++) {
    for (const one of due.filter((one) => one.at === at)) blocks.answer(one.message)
    const input = Array.from({ length: channels }, (_, c) => Float32Array.from({ length: QUANTUM }, (_, i) => (0.5 - 0.2 * c) * Math.sin((2 * Math.PI * 220 * (at * QUANTUM + i)) / RATE)))
    const output = Array.from({ length: channels }, () => new Float32Array(QUANTUM))
    blocks.quantum(input, output)
    into.push(...input[0]!)
    output.forEach((sound, c) => out[c]!.push(...sound))
  }
  return { blocks, into, out }
}

describe('blocks', () => {
  test.each([1, 2])('%i channels come back exactly a buffer later, without one missing', (channels) => {
    const { blocks, into, out } = play(() => 3, 200, channels)
    expect(blocks.underruns).toBe(0)
    // The first quantum fades in.
    for (let i = 1024 + QUANTUM; i < into.length; i++) expect(out[0]![i]).toBeCloseTo(into[i - 1024]!, 6)
    if (channels === 2) expect(out[1]![5000]).toBeCloseTo(0.6 * out[0]![5000]!, 6)
  })

  test('a late block does not make later ones late', () => {
    const { blocks, into, out } = play((number) => (number === 40 ? 12 : 3), 200)
    expect(blocks.underruns).toBe(1)
    for (let i = 60 * 256; i < into.length; i++) expect(out[0]![i]).toBeCloseTo(into[i - 1024]!, 6)
  })

  test.each([
    ['late', 12],
    ['lost', -1],
  ])('a block that is %s is counted once, and nothing clicks', (_, delay) => {
    const { blocks, out } = play((number) => (number === 40 ? delay : 3), 400)
    expect(blocks.underruns).toBe(1)
    const steepest = (2 * Math.PI * 220 * 0.5) / RATE
    for (let i = 2000; i < out[0]!.length; i++) expect(Math.abs(out[0]![i]! - out[0]![i - 1]!)).toBeLessThan(3 * steepest)
  })

  test('a session that never answers is not asked without end, and silence follows', () => {
    let n = 0
    const { blocks, out } = play(() => (n++, -1), 4000)
    expect(n).toBeLessThanOrEqual(8)
    expect(blocks.underruns).toBeGreaterThan(100)
    expect(Math.max(...out[0]!.slice(-1000).map(Math.abs))).toBe(0)
  })

  test('what nobody asked for is not played', () => {
    const blocks = new Blocks({ rateHz: RATE, channels: 1, buffer: 1024 }, () => undefined)
    blocks.isOpen = true
    for (const number of [0, 5, 4_000_000_000]) {
      const message = new ArrayBuffer(bytesOf(256, 1))
      new Uint32Array(message, 0, 4).set([number, 256, 1, 0])
      new Float32Array(message, POOLED_HEAD).fill(1)
      blocks.answer(message)
    }
    const out = new Float32Array(QUANTUM)
    for (let i = 0; i < 40; i++) {
      blocks.quantum(undefined, [out])
      expect(Math.max(...out)).toBe(0)
    }
  })

  test('after an interruption it goes on, and the pause is not counted', () => {
    let isThere = true
    const waiting: ArrayBuffer[] = []
    const blocks = new Blocks({ rateHz: RATE, channels: 1, buffer: 1024 }, (message) => waiting.push(echo(message)))
    blocks.isOpen = true
    const out = new Float32Array(QUANTUM)
    const one = Float32Array.from({ length: QUANTUM }, () => 0.25)
    for (let i = 0; i < 600; i++) {
      if (i === 200) blocks.isOpen = isThere = false
      if (i === 400) blocks.isOpen = isThere = true
      blocks.quantum([one], [out])
      for (const message of waiting.splice(0)) if (isThere) blocks.answer(message)
      if (i === 399) expect(Math.max(...out)).toBe(0)
    }
    expect(blocks.underruns).toBe(0)
    expect(out[5]).toBeCloseTo(0.25, 6)
  })

  test('silence travels without samples', () => {
    const sizes: number[] = []
    const blocks = new Blocks({ rateHz: RATE, channels: 2, buffer: 2048 }, (message) => sizes.push(asked(message).length))
    blocks.isOpen = true
    for (let i = 0; i < 8; i++) blocks.quantum(i < 4 ? undefined : [new Float32Array(QUANTUM)], [new Float32Array(QUANTUM), new Float32Array(QUANTUM)])
    expect(sizes).toEqual([8, 8 + 4 * 2 * blockOf(2048)])
  })
})

test('what is made up begins where the sound ended, and fades', () => {
  const concealment = new Concealment(RATE)
  concealment.heard(Float32Array.from({ length: 2000 }, (_, i) => Math.sin(i / 20)))
  const made = Array.from({ length: 30_000 }, () => concealment.next())
  expect(Math.abs(made[0]! - Math.sin(1999 / 20))).toBeLessThan(0.06)
  for (let i = 1; i < made.length; i++) expect(Math.abs(made[i]! - made[i - 1]!)).toBeLessThan(0.06)
  expect(made.at(-1)).toBe(0)
})

describe('another rate', () => {
  test.each([
    [48_000, 44_100],
    [44_100, 48_000],
    [96_000, 44_100],
    [16_000, 48_000],
  ])('%i to %i keeps a tone and its level', (from, to) => {
    const resampler = new Resampler(from, to, QUANTUM)
    const out = new Float32Array(4 * to)
    let n = 0
    for (let at = 0; at < from; at += QUANTUM) {
      const piece = Float32Array.from({ length: QUANTUM }, (_, i) => Math.sin((2 * Math.PI * 1000 * (at + i)) / from))
      n += resampler.push(piece, out, n)
    }
    expect(Math.abs(n - to)).toBeLessThan(to / 50)
    // The residual after taking out the best sine of the same pitch.
    const [start, end] = [Math.floor(n / 4), Math.floor(n / 4) + to / 10]
    let [s, c] = [0, 0]
    for (let i = start; i < end; i++) {
      s += out[i]! * Math.sin((2 * Math.PI * 1000 * i) / to)
      c += out[i]! * Math.cos((2 * Math.PI * 1000 * i) / to)
    }
    const [a, b] = [(2 * s) / (end - start), (2 * c) / (end - start)]
    expect(Math.hypot(a, b)).toBeCloseTo(1, 2)
    let rest = 0
    for (let i = start; i < end; i++) rest = Math.max(rest, Math.abs(out[i]! - a * Math.sin((2 * Math.PI * 1000 * i) / to) - b * Math.cos((2 * Math.PI * 1000 * i) / to)))
    expect(rest).toBeLessThan(0.003)
  })

  test.each([48_000, 96_000, 32_000])('a device of %i Hz plays without a gap', (device) => {
    let waiting: ArrayBuffer[] = []
    const blocks = new Blocks({ rateHz: RATE, channels: 1, buffer: 2048 }, (message) => waiting.push(echo(message)))
    blocks.isOpen = true
    const bridge = new RateBridge(blocks, 1, device, RATE)
    const all: number[] = []
    for (let at = 0; at < device; at += QUANTUM) {
      const output = new Float32Array(QUANTUM)
      bridge.quantum([Float32Array.from({ length: QUANTUM }, (_, i) => Math.sin((2 * Math.PI * 440 * (at + i)) / device))], [output])
      all.push(...output)
      const answers = waiting
      waiting = []
      for (const message of answers) blocks.answer(message)
    }
    expect(blocks.underruns).toBe(0)
    const steepest = (2 * Math.PI * 440) / device
    const [start, end] = [Math.floor(device / 4), all.length]
    for (let i = start; i < end; i++) expect(Math.abs(all[i]! - all[i - 1]!)).toBeLessThan(1.05 * steepest)
    expect(Math.max(...all.slice(start))).toBeCloseTo(1, 2)
  })
})

describe('messages', () => {
  test('controls and points are what the session reads', () => {
    const moved = new DataView(controlsMessage([[5, 0.5], [64, -2]]))
    expect([moved.byteLength, moved.getUint8(0), moved.getUint16(1, true), moved.getFloat32(3, true), moved.getUint16(7, true), moved.getFloat32(9, true)]).toEqual([13, 2, 5, 0.5, 64, -2])
    const point = new DataView(pointMessage([1, -1]))
    expect([point.byteLength, point.getUint8(0), point.getFloat32(5, true)]).toEqual([9, 3, -1])
  })

  test('a status is read, and a short one is none', () => {
    const view = new DataView(new ArrayBuffer(41 + 8))
    for (let i = 0; i < 9; i++) view.setFloat32(1 + 4 * i, i, true)
    view.setUint32(37, 7, true)
    view.setFloat32(41, 1.5, true)
    const status = statusOf(view.buffer)
    expect(status).toMatchObject({ inputPeak: 0, limiter: 2, soundSecs: 5, pitchHz: 8, slowBlocks: 7 })
    expect([...status!.latents]).toEqual([1.5, 0])
    expect(statusOf(new ArrayBuffer(20))).toBeUndefined()
  })
})
