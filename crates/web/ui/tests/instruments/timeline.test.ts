import { expect, test } from 'vitest'
import { dragged, handlePlaces, moved, offsetFor, positionAt, regionOf, SHORTEST_SECS, stepOfKey, ticksOf, wavRate, withEdge, zoomed } from '$instruments/timeline'

const loop = { start: 1, end: 3 }

test.each([
  { now: 10, offset: 0, loop: undefined, expected: 0 },
  { now: 9.9, offset: 2, loop: undefined, expected: 2 },
  { now: 12.5, offset: 0, loop: undefined, expected: 2.5 },
  { now: 99, offset: 0, loop: undefined, expected: 4 },
  { now: 12, offset: 0, loop, expected: 2 },
  { now: 13, offset: 0, loop, expected: 1 },
  { now: 15.5, offset: 0, loop, expected: 1.5 },
  { now: 14, offset: 2, loop, expected: 2 },
])('at $now, begun at 10 with $offset, loop $loop: $expected', ({ now, offset, loop, expected }) => {
  expect(positionAt(now, { atSecs: 10, offsetSecs: offset }, 4, loop)).toBeCloseTo(expected, 9)
})

test('both sounds of a pair are always at the same sample', () => {
  // They share one start and one clock, so a switch between them never moves the position.
  const start = { atSecs: 0.123, offsetSecs: 0.4 }
  for (let now = 0; now < 10; now += 0.0371) {
    const [a, b] = [positionAt(now, start, 4, loop), positionAt(now, start, 4, loop)]
    expect(Math.round(a * 44_100)).toBe(Math.round(b * 44_100))
  }
})

test.each([
  { position: 1, loop: undefined, expected: 1 },
  { position: 4, loop: undefined, expected: 0 },
  { position: -1, loop: undefined, expected: 0 },
  { position: 0.5, loop, expected: 0.5 },
  { position: 3.5, loop, expected: 1 },
])('playing from $position with loop $loop begins at $expected', ({ position, loop, expected }) => {
  expect(offsetFor(position, 4, loop)).toBe(expected)
})

test.each([
  { a: 2, b: 1, expected: { start: 1, end: 2 } },
  { a: -1, b: 9, expected: { start: 0, end: 4 } },
  { a: 1, b: 1.001, expected: undefined },
])('a drag from $a to $b is $expected', ({ a, b, expected }) => {
  expect(regionOf(a, b, 4)).toEqual(expected)
})

test('the rate is read from a WAV header, other chunks before it or not', () => {
  const wav = (extra: number[]) => {
    const text = (s: string) => [...s].map((c) => c.charCodeAt(0))
    const format = [...text('fmt '), 16, 0, 0, 0, 1, 0, 1, 0, 0x44, 0xac, 0, 0, 0, 0, 0, 0, 2, 0, 16, 0]
    return Uint8Array.from([...text('RIFF'), 0, 0, 0, 0, ...text('WAVE'), ...extra, ...format]).buffer
  }
  expect(wavRate(wav([]))).toBe(44_100)
  expect(wavRate(wav([0x4a, 0x55, 0x4e, 0x4b, 3, 0, 0, 0, 9, 9, 9, 0]))).toBe(44_100)
  expect(wavRate(new Uint8Array(40).buffer)).toBeUndefined()
  expect(wavRate(new ArrayBuffer(0))).toBeUndefined()
})

test('zooming keeps the place under the pointer and stays inside the sound', () => {
  expect(zoomed({ start: 0, end: 10 }, 0.5, 4, 10)).toEqual({ start: 2, end: 7 })
  expect(zoomed({ start: 0, end: 5 }, 10, 1, 10)).toEqual({ start: 0, end: 10 })
  expect(zoomed({ start: 8, end: 10 }, 2, 10, 10)).toEqual({ start: 6, end: 10 })
})

test('moving stops at the ends', () => {
  expect(moved({ start: 2, end: 4 }, 100, 10)).toEqual({ start: 8, end: 10 })
  expect(moved({ start: 2, end: 4 }, -100, 10)).toEqual({ start: 0, end: 2 })
})

test.each([
  { view: { start: 0, end: 10 }, n: 5, expected: [0, 2, 4, 6, 8, 10] },
  { view: { start: 0.25, end: 1.1 }, n: 4, expected: [0.5, 1] },
])('marks from $view.start to $view.end', ({ view, n, expected }) => {
  expect(ticksOf(view, n)).toEqual(expected)
})

test.each([
  { edge: 'start' as const, to: 2, expected: { start: 2, end: 3 } },
  { edge: 'start' as const, to: -1, expected: { start: 0, end: 3 } },
  { edge: 'start' as const, to: 9, expected: { start: 3 - SHORTEST_SECS, end: 3 } },
  { edge: 'end' as const, to: 9, expected: { start: 1, end: 4 } },
  { edge: 'end' as const, to: 0, expected: { start: 1, end: 1 + SHORTEST_SECS } },
  { edge: 'end' as const, to: Infinity, expected: { start: 1, end: 4 } },
  { edge: 'start' as const, to: -Infinity, expected: { start: 0, end: 3 } },
])('the $edge of a loop put at $to', ({ edge, to, expected }) => {
  expect(withEdge(loop, edge, to, 4)).toEqual(expected)
})

test.each([
  { what: 'a drag on the ground begins a loop', grip: 'ground' as const, from: 2.5, to: 0.5, expected: { start: 0.5, end: 2.5 } },
  { what: 'one too short to be meant does not', grip: 'ground' as const, from: 2.5, to: 2.505, expected: undefined },
  { what: 'the loop as a whole moves, with its length', grip: 'loop' as const, from: 2, to: 2.5, expected: { start: 1.5, end: 3.5 } },
  { what: 'as far as the sound goes', grip: 'loop' as const, from: 2, to: 9, expected: { start: 2, end: 4 } },
  { what: 'an end is pulled from where it was taken', grip: 'end' as const, from: 2.9, to: 3.4, expected: { start: 1, end: 3.5 } },
  { what: 'a start never passes the end', grip: 'start' as const, from: 1, to: 4, expected: { start: 3 - SHORTEST_SECS, end: 3 } },
])('$what', ({ grip, from, to, expected }) => {
  const made = dragged(grip, loop, from, to, 4)
  if (!expected) return expect(made).toBeUndefined()
  expect(made?.start).toBeCloseTo(expected.start, 9)
  expect(made?.end).toBeCloseTo(expected.end, 9)
})

test('keys move by a hundredth of what is shown, with Shift by a tenth, or to an end', () => {
  expect(stepOfKey('ArrowRight', false, 10)).toBeCloseTo(0.1)
  expect(stepOfKey('ArrowLeft', true, 10)).toBeCloseTo(-1)
  expect(stepOfKey('Home', false, 10)).toBe(-Infinity)
  expect(stepOfKey('l', false, 10)).toBeUndefined()
  expect(moved(loop, stepOfKey('End', false, 4) ?? 0, 4)).toEqual({ start: 2, end: 4 })
})

test('handles lie within a wide loop, beside a narrow one, and never over each other or off the axis', () => {
  expect(handlePlaces(100, 300, 600, 24)).toEqual({ start: 100, end: 276 })
  expect(handlePlaces(100, 110, 600, 24)).toEqual({ start: 76, end: 110 })
  for (let start = 0; start <= 600; start += 7)
    for (let end = start; end <= 600; end += 7) {
      const places = handlePlaces(start, end, 600, 24)
      expect(places.start).toBeGreaterThanOrEqual(0)
      expect(places.end).toBeLessThanOrEqual(576)
      expect(places.end - places.start).toBeGreaterThanOrEqual(24)
    }
})
