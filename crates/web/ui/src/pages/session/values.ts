// How values of controls are shown, and how they lie on a slider.

import { number } from '$lib/format'

import type { SessionControl } from './words'

const NARROW = '\u202f'
/** Positions on a slider. */
export const POSITIONS = 200

/** `−12 dB`, `0.5 s`, `70%`. */
export function shown(value: number, unit: string): string {
  const rounded = Math.round(value * 100) / 100
  const text = number(rounded).replace('-', '−')
  if (unit === '') return `${Math.round(value * 100)}%`
  return unit === '×' ? `${text}×` : `${text}${NARROW}${unit}`
}

/** Whether a control spans so much that equal ways on its slider are equal factors. */
const isLogarithmic = ({ least, most }: SessionControl): boolean => least > 0 && most / least >= 100

/** Steps of a control on its slider: semitones are whole. */
export const stepsOf = (control: SessionControl): number => (control.unit === 'semitones' ? control.most - control.least : POSITIONS)

/** Where a value lies on its slider, 0 to 1. */
export function shareOf(value: number, control: SessionControl): number {
  const { least, most } = control
  if (isLogarithmic(control)) return Math.log(Math.max(value, least) / least) / Math.log(most / least)
  return (value - least) / (most - least)
}

/** The value at a place of a slider. */
export function valueAt(share: number, control: SessionControl): number {
  const { least, most } = control
  if (isLogarithmic(control)) return least * (most / least) ** share
  return least + share * (most - least)
}

/** A peak in dB below full scale; at most 60 below. */
export const decibels = (peak: number): number => Math.max(-60, 20 * Math.log10(Math.max(peak, 1e-6)))
