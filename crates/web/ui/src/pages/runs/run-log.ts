// A run's events as lines of a log. Numbers that are shown as curves are left out.

import './en'

import type { Event } from '$lib/api'
import { bytes, count, number } from '$lib/format'
import { locale, t } from '$lib/i18n'

const time = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium' })

/** `21/11/2026, 10:45:12  step 209: rendered pluck-phrase.wav`; undefined for events with only numbers. */
export function lineOf(event: Event): string | undefined {
  const words = wordsOf(event)
  return words === undefined ? undefined : `${time.format(event.time_ms)}  ${words}`
}

function wordsOf(event: Event): string | undefined {
  switch (event.event) {
    case 'started':
      return t('log.started', { version: event.version, threads: event.n_threads, step: count(event.from_step) })
    case 'phase':
      return t('log.phase', { step: count(event.step), title: event.title })
    case 'sample':
      return t('log.sample', { step: count(event.step), name: event.name })
    case 'episode':
      return t('log.episode', { step: count(event.step), title: event.title, score: number(event.score) })
    case 'checkpoint': {
      const isMeasured = event.validation !== null && event.validation !== undefined
      return t('log.checkpoint', {
        step: count(event.step),
        size: bytes(event.bytes),
        distance: isMeasured ? t('log.distance', { value: number(event.validation ?? 0) }) : '',
        best: event.is_best ? t('log.best') : '',
      })
    }
    case 'checkpoint_removed':
      return t('log.checkpointRemoved', { step: count(event.step) })
    case 'warning':
      return t('log.warning', { message: event.file ? `${event.file}: ${event.message}` : event.message })
    case 'finished':
      return event.outcome === 'failed' ? t('log.failed', { what: event.problem.what }) : t(`log.${event.outcome}`)
    case 'progress':
    case 'score':
    case 'facts':
    case 'metrics':
    case 'system':
      return undefined
  }
}
