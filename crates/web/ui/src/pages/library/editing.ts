// Corrections of what was found in a sound: each makes a new correction of an older one, and changes nothing in place.

import type { Analysis, AnalysisEdit, Phrase, Span } from '$lib/api'

/** How near two times are the same beat, in seconds. */
const SAME_SECS = 0.02

type Beats = Pick<AnalysisEdit, 'tempo_bpm' | 'beats_s' | 'downbeats_s'>

/** Beats in a bar, as the meter says; 4 where it says nothing. */
export const perBar = (meter: string | null | undefined): number => Math.max(1, parseInt(meter ?? '', 10) || 4)

const isNear = (times: readonly number[], at: number): boolean => times.some((time) => Math.abs(time - at) < SAME_SECS)

/** Every n-th beat from the first of a bar on, or from the first one. */
function bars(beats: readonly number[], first: number, n: number): number[] {
  return beats.filter((_, i) => i >= first && (i - first) % n === 0)
}

/** The place of the first beat that begins a bar; 0 where none does. */
const firstBar = (beats: readonly number[], downbeats: readonly number[]): number => Math.max(0, beats.findIndex((at) => isNear(downbeats, at)))

/** Half as many beats, so that the first of a bar stays one. */
export function halved(found: Analysis): Beats {
  const first = firstBar(found.beats_s, found.downbeats_s)
  const beats = found.beats_s.filter((_, i) => (i - first) % 2 === 0)
  return withBars({ ...(found.tempo_bpm && { tempo_bpm: found.tempo_bpm / 2 }), beats_s: beats }, found)
}

/** A beat more between every two. */
export function doubled(found: Analysis): Beats {
  const beats = found.beats_s.flatMap((at, i) => {
    const next = found.beats_s[i + 1]
    return next === undefined ? [at] : [at, (at + next) / 2]
  })
  return withBars({ ...(found.tempo_bpm && { tempo_bpm: found.tempo_bpm * 2 }), beats_s: beats }, found)
}

function withBars(edit: Beats & { beats_s: number[] }, found: Analysis): Beats {
  if (found.downbeats_s.length === 0) return edit
  const first = firstBar(edit.beats_s, found.downbeats_s)
  return { ...edit, downbeats_s: bars(edit.beats_s, first, perBar(found.meter)) }
}

/** Beats at a tempo, in step with those that were found, or from the start. */
export function atTempo(found: Analysis, bpm: number): Beats {
  const beat = 60 / bpm
  const anchor = found.downbeats_s[0] ?? found.beats_s[0] ?? 0
  const from = anchor - Math.floor(anchor / beat) * beat
  const n = Math.max(0, Math.floor((found.seconds - from) / beat + 1e-9) + 1)
  const beats = Array.from({ length: n }, (_, i) => from + i * beat).filter((at) => at <= found.seconds)
  const first = Math.round((anchor - from) / beat) % perBar(found.meter)
  return { tempo_bpm: bpm, beats_s: beats, downbeats_s: bars(beats, first, perBar(found.meter)) }
}

/** The tempo of beats: that of the middle of their distances. */
export function tempoOf(beats: readonly number[]): number | undefined {
  const gaps = beats.slice(1).map((at, i) => at - beats[i]!)
  const middle = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)]
  return middle && middle > 0 ? 60 / middle : undefined
}

/** The beat nearest to a time; -1 where there is none. */
export function nearestBeat(beats: readonly number[], at: number): number {
  let nearest = -1
  for (let i = 0; i < beats.length; i++) if (nearest < 0 || Math.abs(beats[i]! - at) < Math.abs(beats[nearest]! - at)) nearest = i
  return nearest
}

/** One more beat; none where there is one already. */
export function withBeat(found: Analysis, at: number): Beats {
  if (isNear(found.beats_s, at)) return {}
  return { beats_s: [...found.beats_s, at].toSorted((a, b) => a - b) }
}

export function withoutBeat(found: Analysis, index: number): Beats {
  const at = found.beats_s[index]
  if (at === undefined) return {}
  return { beats_s: found.beats_s.filter((_, i) => i !== index), downbeats_s: found.downbeats_s.filter((time) => Math.abs(time - at) >= SAME_SECS) }
}

/** A beat moved by some seconds, never past its neighbours. */
export function movedBeat(found: Analysis, index: number, by: number): Beats {
  const at = found.beats_s[index]
  if (at === undefined) return {}
  const least = index > 0 ? found.beats_s[index - 1]! + SAME_SECS / 2 : 0
  const most = (found.beats_s[index + 1] ?? found.seconds + SAME_SECS / 2) - SAME_SECS / 2
  const to = Math.max(least, Math.min(most, at + by))
  const move = (times: readonly number[]) => times.map((time) => (Math.abs(time - at) < SAME_SECS ? to : time))
  return { beats_s: found.beats_s.map((time, i) => (i === index ? to : time)), downbeats_s: move(found.downbeats_s) }
}

export const isFirstOfBar = (found: Analysis, index: number): boolean => {
  const at = found.beats_s[index]
  return at !== undefined && isNear(found.downbeats_s, at)
}

/** Bars that begin at this beat and go on from it in both directions. */
export function barsFrom(found: Analysis, index: number): Beats {
  const n = perBar(found.meter)
  return { downbeats_s: bars(found.beats_s, index % n, n) }
}

/** A span with another name. */
export const renamed = (spans: readonly Span[], index: number, label: string): Span[] => spans.map((span, i) => (i === index ? { ...span, label } : span))

/** The span at a time cut in two there. */
export function split(spans: readonly Span[], at: number): Span[] | undefined {
  const index = spans.findIndex(({ start_s, end_s }) => at > start_s + SAME_SECS && at < end_s - SAME_SECS)
  const span = spans[index]
  if (!span) return undefined
  return [...spans.slice(0, index), { ...span, end_s: at }, { ...span, start_s: at }, ...spans.slice(index + 1)]
}

/** A span that goes on to the end of the next. */
export function joined(spans: readonly Span[], index: number): Span[] | undefined {
  const [span, next] = [spans[index], spans[index + 1]]
  if (!span || !next) return undefined
  return [...spans.slice(0, index), { ...span, end_s: next.end_s }, ...spans.slice(index + 2)]
}

/** The shortest phrase, in seconds. */
const PHRASE_SECS = 0.05

/** Phrases with one of them moved or resized: within the sound, and not into its neighbours. */
export function withPhrase(phrases: readonly Phrase[], index: number, { start_s, end_s }: Phrase, seconds: number): Phrase[] {
  const least = phrases[index - 1]?.end_s ?? 0
  const most = phrases[index + 1]?.start_s ?? seconds
  const start = Math.max(least, Math.min(most - PHRASE_SECS, start_s))
  const end = Math.min(most, Math.max(start + PHRASE_SECS, end_s))
  return phrases.map((phrase, i) => (i === index ? { start_s: start, end_s: end } : phrase))
}

export const withoutPhrase = (phrases: readonly Phrase[], index: number): Phrase[] => phrases.filter((_, i) => i !== index)

/** A phrase cut in two at a time, or a new one there where none is; undefined where there is no room. */
export function phraseCutAt(phrases: readonly Phrase[], at: number, seconds: number): Phrase[] | undefined {
  const index = phrases.findIndex(({ start_s, end_s }) => at > start_s + PHRASE_SECS && at < end_s - PHRASE_SECS)
  const phrase = phrases[index]
  if (phrase) return [...phrases.slice(0, index), { ...phrase, end_s: at }, { ...phrase, start_s: at }, ...phrases.slice(index + 1)]
  const next = phrases.findIndex(({ start_s }) => start_s > at)
  const end = next < 0 ? seconds : phrases[next]!.start_s
  const isFree = phrases.every(({ start_s, end_s }) => at < start_s || at >= end_s)
  if (!isFree || end - at < PHRASE_SECS) return undefined
  return [...phrases, { start_s: at, end_s: end }].toSorted((a, b) => a.start_s - b.start_s)
}

/** A phrase that goes on to the end of the next. */
export function phraseJoined(phrases: readonly Phrase[], index: number): Phrase[] | undefined {
  const [phrase, next] = [phrases[index], phrases[index + 1]]
  if (!phrase || !next) return undefined
  return [...phrases.slice(0, index), { ...phrase, end_s: next.end_s }, ...phrases.slice(index + 2)]
}

/** Two corrections as one: what the newer one names takes the place of the older one's. */
export const merged = (older: AnalysisEdit | null | undefined, newer: AnalysisEdit): AnalysisEdit => ({ ...older, ...newer })

/** Corrections before and after the one that is shown. */
export interface History {
  past: AnalysisEdit[]
  future: AnalysisEdit[]
}

/** Steps that can be undone. */
const STEPS_MAX = 100

export const recorded = (history: History, before: AnalysisEdit): History => ({ past: [...history.past, before].slice(-STEPS_MAX), future: [] })
