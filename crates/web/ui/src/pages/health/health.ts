// What the page about health sums up.

import './en'

import type { SystemHealth } from '$lib/api'
import { number } from '$lib/format'
import { t, tn } from '$lib/i18n'

/** Failures that were not dismissed. */
export const shownOf = (failures: SystemHealth['failures']): SystemHealth['failures'] => failures.filter(({ job }) => !job.dismissed)

/** What needs the person, in sentences, with the part of the page or the page that is about it. */
export function needsOf({ doctor, failures, waiting_flows: flows, n_missing_vectors: nVectors, n_unreadable: nUnreadable }: SystemHealth): { text: string; href: string }[] {
  const nFailures = shownOf(failures).length
  const nChecks = doctor.checks.filter(({ status }) => status !== 'ok').length
  const some = [
    flows.length > 0 && { text: tn('health.nWaiting', flows.length), href: '#health-flows' },
    nFailures > 0 && { text: tn('health.nFailures', nFailures), href: '#health-failures' },
    nChecks > 0 && { text: tn('health.nChecks', nChecks), href: '#health-checks' },
    nVectors > 0 && { text: tn('health.nVectors', nVectors), href: '/memory' },
    nUnreadable > 0 && { text: tn('health.nUnreadable', nUnreadable), href: '#health-unreadable' },
  ]
  return some.filter((one) => one !== false)
}

/** Memory that running jobs take together, or else were said to need, and models that are kept for those to come. */
export const memoryOfJobs = ({ running, kept_models: kept }: Pick<SystemHealth, 'running' | 'kept_models'>): number =>
  running.reduce((sum, { needs_bytes: needs, memory_bytes: takes }) => sum + (takes ?? needs ?? 0), 0) + kept.reduce((sum, { memory_bytes: takes }) => sum + (takes ?? 0), 0)

const SPACES = ['datasets', 'imports', 'runs', 'models', 'exports', 'films', 'plays', 'reconstructions', 'conversions', 'sessions', 'measures', 'generations', 'sounds', 'maps', 'patches', 'presets', 'folders', 'analyses', 'changes', 'memory-jobs', 'trash', 'memory', 'analysed', 'flows', 'uploads', 'database'] as const

/** What a sort of thing is called; one that only a newer studio has, by its own name. */
export function spaceName(list: string): string {
  const known = SPACES.find((one) => one === list)
  return known ? t(`space.${known}`) : list
}

/** The least limit that the studio takes. */
const LIMIT_LEAST = 256 << 20
/** Limits that can be set on a computer with so much memory, in GB. */
export const limitsWithin = (most: number): { least: string; most: string } => ({ least: number(Math.ceil(LIMIT_LEAST / 1e7) / 100), most: number(Math.floor(most / 1e8) / 10) })

/** A limit that was typed in GB, in bytes; null for none, undefined for what cannot be one on a computer with so much memory. */
export function limitOf(text: string, most: number): number | null | undefined {
  if (text.trim() === '') return null
  const value = Number(text.replace(',', '.'))
  const bytes = Math.round(value * 1e9)
  return bytes >= LIMIT_LEAST && bytes <= most ? bytes : undefined
}
