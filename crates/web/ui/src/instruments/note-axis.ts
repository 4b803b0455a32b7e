// Time as an editor of notes counts it: ticks of a MIDI file, or seconds of a sound, each with a grid of bars and beats.

/** Note values of a grid, as parts of a whole note; `t` is that of a triplet. */
export const DIVISIONS = ['1/1', '1/2', '1/4', '1/8', '1/8t', '1/16', '1/16t', '1/32'] as const
export type Division = (typeof DIVISIONS)[number]

/** A line of a grid: where it is, and what begins there. */
export interface Line {
  at: number
  begins: 'bar' | 'beat' | 'step'
}

/** A place in bars and beats, both from 1. */
export interface BarPlace {
  bar: number
  beat: number
}

/** How places of notes become seconds, and where they come to the grid. */
export interface Axis {
  secsOf: (at: number) => number
  placeOf: (secs: number) => number
  /** The length of a step of the grid around a place. */
  stepAt: (at: number, division: Division) => number
  /** The line of the grid that is nearest to a place, or the last one up to it. */
  snapped: (at: number, division: Division, way?: 'nearest' | 'before') => number
  /** Lines of the grid between two places; none where they would be more than `most`. */
  lines: (from: number, to: number, division: Division, most: number) => Line[]
  /** Bar and beat of a place; undefined where nothing says where they begin. */
  barOf: (at: number) => BarPlace | undefined
  /** The shortest note. */
  least: number
  /** The last place at which a note may end. */
  end: number
  /** Places are whole numbers. */
  isWhole: boolean
}

/** A division in quarter notes. */
export function quartersOf(division: Division): number {
  const isTriplet = division.endsWith('t')
  const value = 4 / Number.parseInt(division.slice(2), 10)
  return isTriplet ? (value * 2) / 3 : value
}

export interface TickMap {
  ticks_per_quarter: number
  tempos: readonly { tick: number; quarter_us: number }[]
  meters: readonly { tick: number; numerator: number; denominator: number }[]
}

/** The tempo where a MIDI file says none, and the last tick that an edit may name. */
const DEFAULT_US = 500_000
const TICK_MAX = 2 ** 32 - 2

/** The time of a MIDI file, in ticks. */
export function midiAxis(map: TickMap): Axis {
  const quarter = Math.max(1, map.ticks_per_quarter)
  const tempos = [...(map.tempos[0]?.tick === 0 ? [] : [{ tick: 0, quarter_us: DEFAULT_US }]), ...map.tempos]
  const starts: number[] = []
  tempos.forEach(({ tick }, i) => {
    const [before, last] = [tempos[i - 1], starts.at(-1) ?? 0]
    starts.push(before ? last + ((tick - before.tick) * before.quarter_us) / quarter / 1e6 : 0)
  })
  const meters = [...(map.meters[0]?.tick === 0 ? [] : [{ tick: 0, numerator: 4, denominator: 4 }]), ...map.meters]
  // The bar of which each meter is the first.
  const firstBars: number[] = []
  const barTicks = (i: number): number => Math.max(1, ((meters[i]?.numerator ?? 4) * 4 * quarter) / (meters[i]?.denominator ?? 4))
  meters.forEach(({ tick }, i) => {
    const before = meters[i - 1]
    firstBars.push(before ? (firstBars[i - 1] ?? 0) + Math.ceil((tick - before.tick) / barTicks(i - 1)) : 0)
  })

  const tempoAt = (tick: number) => Math.max(0, lastUpTo(tempos, (it) => it.tick, tick))
  const secsOf = (tick: number): number => {
    const i = tempoAt(tick)
    const { tick: from, quarter_us } = tempos[i]!
    return starts[i]! + ((tick - from) * quarter_us) / quarter / 1e6
  }
  const placeOf = (secs: number): number => {
    const i = Math.max(0, lastUpTo(starts, (it) => it, secs))
    const { tick, quarter_us } = tempos[i]!
    return tick + ((secs - starts[i]!) * 1e6 * quarter) / quarter_us
  }
  /** The bar that a tick lies in: its number from 0, and where it begins and ends. */
  const barAt = (tick: number) => {
    const i = Math.max(0, lastUpTo(meters, (it) => it.tick, tick))
    const length = barTicks(i)
    const n = Math.floor((tick - meters[i]!.tick) / length + 1e-9)
    const start = meters[i]!.tick + n * length
    const end = Math.min(start + length, meters[i + 1]?.tick ?? Infinity)
    return { number: firstBars[i]! + n, start, end, beat: (4 * quarter) / meters[i]!.denominator }
  }
  const stepAt = (_: number, division: Division) => quartersOf(division) * quarter
  return {
    secsOf,
    placeOf,
    stepAt,
    snapped(at, division, way = 'nearest') {
      const { start, end } = barAt(Math.max(0, at))
      const step = stepAt(at, division)
      const n = way === 'nearest' ? Math.round((at - start) / step) : Math.floor((at - start) / step + 1e-9)
      const line = Math.round(start + Math.max(0, n) * step)
      // A step that does not go into a bar ends with it.
      const isPast = line > end || (way === 'nearest' && end - at < Math.abs(line - at))
      return isPast && Number.isFinite(end) ? Math.round(end) : line
    },
    lines(from, to, division, most) {
      const all: Line[] = []
      const step = stepAt(from, division)
      for (let bar = barAt(Math.max(0, from)); bar.start <= to && all.length <= most; bar = barAt(bar.end)) {
        const steps = new Set<number>()
        for (let n = 0; n * step < bar.end - bar.start && steps.size <= most; n++) steps.add(n * step)
        for (const by of steps) all.push({ at: bar.start + by, begins: by === 0 ? 'bar' : isNear(by % bar.beat, 0) || isNear(by % bar.beat, bar.beat) ? 'beat' : 'step' })
        if (!Number.isFinite(bar.end)) break
      }
      return all.length > most ? [] : all.filter(({ at }) => at >= from && at <= to)
    },
    barOf(at) {
      const { number, start, beat } = barAt(Math.max(0, at))
      return { bar: number + 1, beat: 1 + (at - start) / beat }
    },
    least: 1,
    end: TICK_MAX,
    isWhole: true,
  }
}

export interface SoundTime {
  seconds: number
  beats_s: readonly number[]
  downbeats_s: readonly number[]
  meter?: string | null | undefined
}

/** How near the first of a bar is to its beat, in seconds. */
const SAME_SECS = 0.02
/** The beat of what has none, in seconds. */
const BEAT_SECS = 0.5

/** The time of a sound, in seconds, with the beats that were found in it; they go on before the first and after the last. */
export function soundAxis({ seconds, beats_s, downbeats_s, meter }: SoundTime): Axis {
  const hasBeats = beats_s.length > 1
  const beats = hasBeats ? beats_s : [0, BEAT_SECS]
  const [perBar = 4, denominator = 4] = (meter ?? '4/4').split('/').map((part) => Number.parseInt(part, 10) || 4)
  const last = beats.length - 1
  const first = Math.max(0, beats.findIndex((at) => downbeats_s.some((bar) => Math.abs(bar - at) < SAME_SECS)))
  // Beats as numbers that run on between and beside those that were found.
  const beatOf = (secs: number): number => {
    const i = Math.max(0, Math.min(last - 1, lastUpTo(beats, (it) => it, secs)))
    return i + (secs - beats[i]!) / Math.max(1e-6, beats[i + 1]! - beats[i]!)
  }
  const secsOfBeat = (beat: number): number => {
    const i = Math.max(0, Math.min(last - 1, Math.floor(beat)))
    return beats[i]! + (beat - i) * (beats[i + 1]! - beats[i]!)
  }
  const stepOf = (division: Division) => (quartersOf(division) * denominator) / 4
  const within = (secs: number) => Math.max(0, Math.min(seconds, secs))
  return {
    secsOf: (at) => at,
    placeOf: (secs) => secs,
    stepAt(at, division) {
      const beat = beatOf(at)
      return secsOfBeat(beat + stepOf(division)) - secsOfBeat(beat)
    },
    snapped(at, division, way = 'nearest') {
      const [step, beat] = [stepOf(division), beatOf(at) - first]
      const n = way === 'nearest' ? Math.round(beat / step) : Math.floor(beat / step + 1e-6)
      return within(secsOfBeat(first + n * step))
    },
    lines(from, to, division, most) {
      const step = stepOf(division)
      const [low, high] = [Math.ceil((beatOf(from) - first) / step), Math.floor((beatOf(to) - first) / step)]
      if (!hasBeats || high - low > most) return []
      const beginsAt = (beat: number): Line['begins'] => {
        if (!isNear(beat, Math.round(beat))) return 'step'
        return isNear(beat / perBar, Math.round(beat / perBar)) ? 'bar' : 'beat'
      }
      return Array.from({ length: Math.max(0, high - low + 1) }, (_, i) => (low + i) * step).map((beat) => ({ at: secsOfBeat(first + beat), begins: beginsAt(beat) }))
    },
    barOf(at) {
      if (!hasBeats || downbeats_s.length === 0) return undefined
      const beat = beatOf(at) - first
      const bar = Math.floor(beat / perBar)
      return { bar: bar + 1, beat: 1 + beat - bar * perBar }
    },
    least: 0.01,
    end: seconds,
    isWhole: false,
  }
}

const isNear = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6

/** The place of the last of a sorted list that is not after something; -1 where all are. */
function lastUpTo<T>(list: readonly T[], of: (it: T) => number, at: number): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (of(list[middle]!) <= at) low = middle + 1
    else high = middle
  }
  return low - 1
}
