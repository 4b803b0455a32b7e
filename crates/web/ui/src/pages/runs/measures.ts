// What was measured of a run before it started, in words.

import type { RunMeasure } from '$lib/api'
import { bytes, count, duration, number } from '$lib/format'
import { t, tn } from '$lib/i18n'

/** `About 1 h 20 min to the end of phase 1, then 3 h to step 12,000.` */
export function measureText(measure: RunMeasure): string {
  const { phase_1_end_secs: first, end_secs: end, end_step: step, measured } = measure
  const steps = count(step ?? 0)
  if (first == null) return t('measure.within', { time: duration(end ?? 0), steps })
  const values = { first: duration(first), later: duration(Math.max(0, (end ?? 0) - first)), steps, thousand: duration(measure.phase_2_secs_per_1000_steps) }
  if (end == null) return t(measured.is_phase_1_open ? 'measure.foreverAtMost' : 'measure.forever', values)
  return t(measured.is_phase_1_open ? 'measure.bothAtMost' : 'measure.both', values)
}

/** `Used 1.2 GB and 2 threads.` or, on a GPU, `Used 1.2 GB of main memory and …` */
export function measureNeeds({ measured }: RunMeasure): string {
  const [memory, device] = [bytes(measured.memory_bytes), measured.device ?? '']
  if (device !== '' && device !== 'CPU') return t('measure.needsGpu', { memory, device })
  return t('measure.needs', { memory, threads: tn('measure.threads', measured.n_threads) })
}

/** Other programs that kept fewer cores busy hardly mattered. */
const BUSY_CORES = 0.3

/** What makes the figures less sure. */
export function measureDoubts({ measured }: RunMeasure): string[] {
  const doubts: string[] = []
  const busy = measured.busy_cores ?? 0
  if (busy >= BUSY_CORES) doubts.push(t('measure.busy', { cores: number(busy, 2) }))
  if (measured.n_counted === 0) doubts.push(t('measure.rough'))
  return doubts
}

/** Seconds of a step: `0.21 s`, `21 ms`. */
const stepTime = (secs: number): string => (secs < 0.1 ? `${number(1000 * secs, 2)}\u202fms` : `${number(secs, 2)}\u202fs`)

interface Now {
  step: number
  /** The number of its phase, from 1; nothing where that is not known. */
  phase?: number | undefined
  rate?: number | null | undefined
}

/** `forecast 0.21 s a step, now 0.23 s` */
export function paceText(forecast: RunMeasure, { step, phase, rate }: Now): string {
  const isFirst = step < forecast.measured.phase_1_steps && (phase ?? 1) < 2
  const thousand = isFirst ? forecast.phase_1_secs_per_1000_steps : forecast.phase_2_secs_per_1000_steps
  const expected = stepTime(thousand / 1000)
  return rate ? t('measure.paceNow', { expected, now: stepTime(1 / rate) }) : t('measure.pace', { expected })
}
