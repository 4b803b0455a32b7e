import { expect, test } from 'vitest'

import type { Checkpoint, Job, MemoryForecast, RunMeasure, Sample } from '$lib/api'

import { measureText, paceText } from '../src/pages/runs/measures'
import { adviceText, neededBytes } from '../src/pages/runs/memory'
import { phaseMarkers } from '../src/pages/runs/markers'
import { bestOf, hasDiverged, isSound, needsOtherSettings, playableOf, sampleToHear } from '../src/pages/runs/samples'
import { LEAST_POINTS, sparkline } from '../src/pages/runs/sparkline'

const sample = (step: number, distance?: number) =>
  ({ step, name: 'kick.wav', medium: 'sound', rendered: `${step}.wav`, distances: distance === undefined ? {} : { multiband_spectral_distance: distance } }) as unknown as Sample
const checkpoint = (step: number, validation: number | null, is_best = false) => ({ step, validation, is_best }) as Checkpoint
const failed = (code: string) => ({ state: { state: 'failed', problem: { code, what: '' } } }) as unknown as Job

test('best is a checkpoint that exists, not the best that was ever measured', () => {
  expect(bestOf([checkpoint(100, 21.3), checkpoint(200, 18, true)])?.step).toBe(200)
  expect(bestOf([checkpoint(100, 21.3)])).toBeUndefined()
  expect(bestOf([checkpoint(0, null, true)])).toBeUndefined()
})

test('the newest reconstruction is heard first', () => {
  expect(sampleToHear([sample(10), sample(20)], undefined, false)?.step).toBe(20)
  expect(sampleToHear([], undefined, false)).toBeUndefined()
})

test('only sounds are played, with their original if there is one', () => {
  const media = ['sound', 'picture', 'film', 'file'].map((medium) => ({ ...sample(1), medium }) as Sample)
  expect(media.map(isSound)).toEqual([true, false, false, false])
  expect(playableOf('run', { ...sample(1), original: 'o.wav' }).tracks).toHaveLength(2)
  expect(playableOf('run', { ...sample(1), original: null }).tracks).toHaveLength(1)
})

test('phases are marked where they began and where the next one will', () => {
  const phase = (number: number, step: number, until_step: number | null = null) => ({ key: `p${number}`, title: '', number, step, until_step })
  const steps = (...phases: ReturnType<typeof phase>[]) => phaseMarkers({ phases }).map(({ step, label }) => `${step} ${label}`)
  expect(steps()).toEqual([])
  expect(steps(phase(1, 0))).toEqual([])
  expect(steps(phase(1, 0, 500))).toEqual(['500 phase 2'])
  expect(steps(phase(1, 0, 500), phase(2, 120))).toEqual(['120 phase 2'])
})

test('of a run that diverged, the last good one', () => {
  const samples = [sample(10, 20), sample(20, 15), sample(30, 9000)]
  expect(sampleToHear(samples, checkpoint(25, 14, true), true)?.step).toBe(20)
  expect(sampleToHear(samples, undefined, true)?.step).toBe(20)
  expect(sampleToHear([sample(10), sample(20)], undefined, true)?.step).toBe(20)
  expect(hasDiverged(failed('diverged'))).toBe(true)
  expect(hasDiverged(failed('out_of_memory'))).toBe(false)
})

test('what settings caused is not resumed with the same ones', () => {
  expect(['out_of_memory', 'diverged', 'disk_full'].map((code) => needsOtherSettings(failed(code)))).toEqual([true, true, false])
})

test('advice says what to change and what it comes to', () => {
  const advice = [{ title: 'Batch size 4', settings: { batch_size: 4 }, memory_bytes: 5.2e9 }]
  const memory: MemoryForecast = { phase_bytes: [3e9, 9e9], free_bytes: 8e9, level: 'too_large', advice }
  expect(neededBytes(memory)).toBe(9e9)
  expect(adviceText(advice[0]!)).toBe('Use batch size 4 (about 5.2\u202fGB)')
})

test('a few points are no curve', () => {
  const curve = (n: number) => ({ steps: Array.from({ length: n }, (_, i) => i), values: Array.from({ length: n }, (_, i) => n - i) })
  expect(sparkline(undefined, 64, 20)).toBeUndefined()
  expect(sparkline(curve(2), 64, 20)).toBeUndefined()
  expect(sparkline(curve(LEAST_POINTS - 1), 64, 20)).toBeUndefined()
  expect(sparkline(curve(9), 64, 20)).toMatch(/^0\.0,1\.0 .* 64\.0,19\.0$/)
  expect(sparkline(curve(LEAST_POINTS), 64, 20)).toBeDefined()
})

/** A measure of phases, each of so many steps of so many seconds; the last one has no end of its own. */
function measure(phases: [number | null, number][], part: Partial<RunMeasure>, isOpen = false): RunMeasure {
  const paces = phases.map(([, secs]) => ({ secs_per_1000_steps: 1000 * secs, end_secs: null }))
  const measured = { phases: phases.map(([steps, step_secs], i) => ({ title: `phase ${i + 1}`, steps, step_secs, is_open: isOpen })) }
  return { limit: { until: 'forever' }, phases: paces, measured, ...part } as unknown as RunMeasure
}

test('the time of a run is said for as many phases as it has', () => {
  const two: [number | null, number][] = [[1000, 0.1], [null, 0.3]]
  const ends = (...secs: (number | null)[]) => ({ phases: secs.map((end_secs) => ({ secs_per_1000_steps: 300, end_secs })) })
  const check = (text: string, expected: string) => expect(text.replaceAll(/[\u00a0\u202f]/g, ' ')).toBe(expected)
  check(measureText(measure(two, { end_secs: 60, end_step: 600 })), 'About 60 s for 600 steps, all in phase 1.')
  check(measureText(measure(two, { ...ends(100, null), end_secs: 400, end_step: 2000 })), 'About 2 min for phase 1, then 5 min up to step 2,000.')
  check(measureText(measure(two, { ...ends(100, null), end_secs: 400, end_step: 2000 }, true)), 'At most about 2 min for phase 1, then 5 min up to step 2,000.')
  check(measureText(measure(two, ends(100, null))), 'About 2 min for phase 1, then 5 min per 1000 steps.')
  check(measureText(measure([[10, 1], [20, 1], [null, 1]], { ...ends(10, 40, null), end_secs: 60, end_step: 50 })), 'About 10 s for phase 1, 30 s for phase 2, then 20 s up to step 50.')
  check(measureText(measure([[null, 0.1]], { end_secs: 60, end_step: 600 })), 'About 60 s for 600 steps.')
  check(measureText(measure([[null, 0.1]], {})), 'About 2 min per 1000 steps.')
})

test('the pace of a run is that of the phase it is in', () => {
  const forecast = measure([[100, 1], [100, 2], [null, 3]], {})
  const at = (step: number, phase?: number) => paceText(forecast, { step, phase })
  expect(at(99)).toContain('1\u202fs')
  expect(at(100)).toContain('2\u202fs')
  expect(at(50, 2)).toContain('2\u202fs')
  expect(at(150, 1)).toContain('2\u202fs')
  expect(at(5000)).toContain('3\u202fs')
})
