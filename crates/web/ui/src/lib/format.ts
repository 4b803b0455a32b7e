// Human-readable numbers: units, thin spaces, the user's own separators.

import { locale, t } from '$lib/i18n'

const NARROW = '\u202f'
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
const hundredths = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const percents = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 })
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })

/** `12,345` */
export const count = (n: number): string => whole.format(n)

/** `45%` from 0.45 */
export const percent = (share: number): string => percents.format(share)

/** A measured number with an appropriate number of digits: `0.0123`, `4.57`, `1,234`, `1.2e-7`. */
export function number(value: number, digits = 3): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size < 1e-4 || size >= 1e9) return value.toExponential(digits - 1)
  return new Intl.NumberFormat(locale, { maximumSignificantDigits: Math.max(digits, Math.ceil(Math.log10(size))) }).format(value)
}

/** `1.2 GB` (powers of 1000, as disks are sold). */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let i = 0
  while (n >= 999.5 && i < units.length - 1) {
    n /= 1000
    i += 1
  }
  return `${i === 0 ? whole.format(n) : number(n, 2)}${NARROW}${units[i]}`
}

/** `44.1 kHz` */
export const rate = (hz: number): string => `${number(hz / 1000, 4)}${NARROW}kHz`

/** `−12.3 dB`; at -120, silence. */
export function level(db: number): string {
  if (db <= -120) return `−∞${NARROW}dB`
  const text = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(db)
  return `${text.replace('-', '−')}${NARROW}dB`
}

/** Length of a sound: `3.25 s`, `1:05`, `2:01:05`. */
export function length(secs: number): string {
  if (secs < 60) return `${number(secs, secs < 10 ? 3 : 3)}${NARROW}s`
  return clock(secs)
}

/** The same for a column, with hundredths aligned: `3.25 s`, `12.30 s`, `1:05`. */
export const lengthInColumn = (secs: number): string => (secs < 59.995 ? `${hundredths.format(secs)}${NARROW}s` : clock(Math.round(secs)))

/** A position in time: `0:07`, `1:05`, `2:01:05`. */
export function clock(secs: number): string {
  const all = Math.max(0, Math.floor(secs))
  const [h, m, s] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** How long something takes or took: `8 s`, `4 min`, `1 h 20 min`, `3 d 4 h`. */
export function duration(secs: number): string {
  const unit = (n: number, name: string) => `${whole.format(n)}${NARROW}${name}`
  if (secs < 0.95) return `${number(secs, 1)}${NARROW}s`
  if (secs < 90) return unit(Math.round(secs), 's')
  const mins = Math.round(secs / 60)
  if (mins < 60) return unit(mins, 'min')
  const [h, m] = [Math.floor(mins / 60), mins % 60]
  if (h < 24) return m === 0 ? unit(h, 'h') : `${unit(h, 'h')} ${unit(m, 'min')}`
  const [d, rest] = [Math.floor(h / 24), h % 24]
  return rest === 0 ? unit(d, 'd') : `${unit(d, 'd')} ${unit(rest, 'h')}`
}

/** Time left, as a likely range: `4 min – 6 min`; one number where both read the same. */
export function durationRange(range: readonly number[]): string {
  const [least, most] = [duration(range[0] ?? 0), duration(range[1] ?? range[0] ?? 0)]
  return least === most ? t('format.about', { value: least }) : t('format.range', { least, most })
}

/** `3 minutes ago`, `yesterday`; a date after a week. */
export function ago(ms: number, nowMs: number = Date.now()): string {
  const secs = (ms - nowMs) / 1000
  if (Math.abs(secs) < 45) return t('format.justNow')
  if (Math.abs(secs) < 45 * 60) return relative.format(Math.round(secs / 60), 'minute')
  if (Math.abs(secs) < 22 * 3600) return relative.format(Math.round(secs / 3600), 'hour')
  if (Math.abs(secs) < 7 * 86400) return relative.format(Math.round(secs / 86400), 'day')
  return dateTime(ms)
}

/** `21 Nov 2025, 09:55` */
export const dateTime = (ms: number): string => date.format(ms)

/** `mono`, `stereo`, `6 channels` */
export function channels(n: number): string {
  if (n === 1) return t('format.mono')
  return n === 2 ? t('format.stereo') : t('format.channels', { n })
}

/** A fragment with its first letter capitalised; file names are left unchanged. */
export function capital(text: string): string {
  const first = /^\S+/.exec(text)?.[0] ?? ''
  const isName = /[./\\_\d]/.test(first.replace(/[.,:;]$/, '')) || /^[“"'«]/.test(first)
  return isName ? text : text.charAt(0).toUpperCase() + text.slice(1)
}

/** A fragment as a sentence: first letter capitalised, with a full stop. */
export function sentence(text: string): string {
  const start = capital(text)
  return /[.?!…]$/.test(start) ? start : `${start}.`
}
