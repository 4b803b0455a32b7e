// Measurements made before a run started, in words.

import './en'

import type { RunMeasure } from '$lib/api'
import { bytes, count, duration, number } from '$lib/format'
import { t, tn } from '$lib/i18n'

/** `About 1 h 20 min for phase 1, then 3 h up to step 12,000.` */
export function measureText({ phases, end_secs: end, end_step: step, measured }: RunMeasure): string {
  const steps = count(step ?? 0)
  const ends = phases.flatMap(({ end_secs }) => (end_secs == null ? [] : [end_secs]))
  const thousand = duration(phases.at(-1)?.secs_per_1000_steps ?? 0)
  const last = ends.at(-1)
  if (last === undefined) {
    if (end == null) return t('measure.onlyForever', { thousand })
    return t(phases.length > 1 ? 'measure.within' : 'measure.only', { time: duration(end), steps })
  }
  const first = ends.map((secs, i) => t('measure.forPhase', { time: duration(secs - (ends[i - 1] ?? 0)), n: i + 1 })).join(', ')
  const values = { first, later: duration(Math.max(0, (end ?? 0) - last)), steps, thousand }
  // A phase that ends once nothing improves takes this long at most.
  const isAtMost = measured.phases.slice(0, ends.length).some(({ is_open }) => is_open)
  if (end == null) return t(isAtMost ? 'measure.foreverAtMost' : 'measure.forever', values)
  return t(isAtMost ? 'measure.bothAtMost' : 'measure.both', values)
}

/** Slower than this, a step is better told by its duration. */
const RATE_MIN = 20

/** `About 3,400 steps per second.`; empty where steps are slow. */
export function rateText({ phases }: RunMeasure): string {
  const secs = phases.at(-1)?.secs_per_1000_steps ?? 0
  const rate = secs > 0 ? 1000 / secs : 0
  return rate < RATE_MIN ? '' : t('measure.rate', { rate: number(rate, 2) })
}

/** `Scores from 20 to 60 were reached that way.`; empty where nobody knows. */
export function expectedText({ expected_score: expected }: RunMeasure): string {
  const [from, to] = expected ?? []
  return from == null || to == null ? '' : t('measure.expected', { from: number(from, 2), to: number(to, 2) })
}

/** `Used 1.2 GB and 2 threads.` or, on a GPU, `Used 1.2 GB of main memory and …` */
export function measureNeeds({ measured }: RunMeasure): string {
  const [memory, device] = [bytes(measured.memory_bytes), measured.device ?? '']
  if (device !== '' && device !== 'CPU') return t('measure.needsGpu', { memory, device })
  return t('measure.needs', { memory, threads: tn('measure.threads', measured.n_threads) })
}

/** Below this, the load from other programs hardly matters. */
const BUSY_CORES = 0.3

/** What makes the figures less reliable. */
export function measureDoubts({ measured }: RunMeasure): string[] {
  const doubts: string[] = []
  const busy = measured.busy_cores ?? 0
  if (busy >= BUSY_CORES) doubts.push(t('measure.busy', { cores: number(busy, 2) }))
  if (measured.n_counted === 0) doubts.push(t('measure.rough'))
  return doubts
}

/** The duration of a step: `0.21 s`, `21 ms`. */
const stepTime = (secs: number): string => (secs < 0.1 ? `${number(1000 * secs, 2)}\u202fms` : `${number(secs, 2)}\u202fs`)

interface Now {
  step: number
  /** The number of its phase, from 1; undefined if unknown. */
  phase?: number | undefined
  rate?: number | null | undefined
}

/** The step at which a phase ends by itself. */
const stepsTo = ({ phases }: RunMeasure['measured'], i: number): number => phases.slice(0, i + 1).reduce((sum, { steps }) => sum + (steps ?? Infinity), 0)

/** `forecast 0.21 s a step, now 0.23 s` */
export function paceText(forecast: RunMeasure, { step, phase, rate }: Now): string {
  const { phases, measured } = forecast
  // A phase may begin before its scheduled step.
  const byStep = measured.phases.findIndex((_, i) => step < stepsTo(measured, i))
  const at = phases[Math.max(byStep, (phase ?? 1) - 1)] ?? phases.at(-1)
  const expected = stepTime((at?.secs_per_1000_steps ?? 0) / 1000)
  return rate ? t('measure.paceNow', { expected, now: stepTime(1 / rate) }) : t('measure.pace', { expected })
}
