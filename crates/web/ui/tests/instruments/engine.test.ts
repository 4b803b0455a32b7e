import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Engine } from '$instruments/engine'

/** What the engine asked of WebAudio, in order. */
let calls: { what: string; args: unknown[] }[]
let now: number

const note = (what: string) => (...args: unknown[]) => void calls.push({ what, args })
const connectable = () => ({ connect: (to: unknown) => to })

class FakeContext {
  outputLatency = 0.05
  destination = {}
  get currentTime() {
    return now
  }
  resume = async () => {}
  createAnalyser = () => ({ ...connectable(), fftSize: 0, getFloatTimeDomainData: (x: Float32Array) => x.fill(0.5) })
  createGain = () => {
    const gain = { value: 1, cancelScheduledValues: note('cancel'), setValueAtTime: note('hold'), linearRampToValueAtTime: note('ramp') }
    return { ...connectable(), gain }
  }
  createBufferSource = () => ({ ...connectable(), start: note('start'), stop: note('stop') })
}

const buffer = (duration: number) => ({ duration }) as AudioBuffer
const said = (what: string) => calls.filter((call) => call.what === what).map((call) => call.args)

beforeEach(() => {
  calls = []
  now = 10
  vi.stubGlobal('AudioContext', FakeContext)
})
afterEach(() => vi.unstubAllGlobals())

test('both sounds of a pair start on the same sample', () => {
  new Engine().play([buffer(3), buffer(3)], 0, 1.25, undefined, () => {})
  const [a, b] = said('start')
  expect(a).toEqual(b)
  expect(a?.[1]).toBe(1.25)
  expect(a?.[0]).toBeGreaterThan(now)
})

test('a switch fades within 10 ms and restarts nothing', () => {
  const engine = new Engine()
  engine.play([buffer(3), buffer(3)], 0, 0, undefined, () => {})
  calls = []
  now = 11
  engine.choose(1)
  const ramps = said('ramp')
  expect(ramps.map(([target]) => target)).toEqual([0, 1])
  for (const [, until] of ramps) expect((until as number) - now).toBeLessThanOrEqual(0.01)
  expect([...said('start'), ...said('stop')]).toEqual([])
})

test('the position is what is heard, after the latency of the output', () => {
  const engine = new Engine()
  engine.play([buffer(3)], 0, 1, undefined, () => {})
  const [begun] = said('start')
  now = (begun?.[0] as number) + 0.5 + 0.05
  expect(engine.position(3, undefined)).toBeCloseTo(1.5, 9)
})

test('the level is measured in decibels', () => {
  expect(new Engine().levelDb()).toBeCloseTo(-6.02, 2)
})
