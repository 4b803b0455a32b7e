// Numbers as people read them.

import { expect, test } from 'vitest'

import * as format from '../src/lib/format'

/** Thin spaces as plain ones, to be seen in this file. */
const plain = (text: string) => text.replaceAll('\u202f', ' ')

test.each<[string, string]>([
  [format.count(1234567), '1,234,567'],
  [format.percent(0.456), '46%'],
  [format.number(0), '0'],
  [format.number(0.012345), '0.0123'],
  [format.number(1234.5), '1,235'],
  [format.number(1.2345e-7), '1.23e-7'],
  [format.bytes(0), '0 B'],
  [format.bytes(999), '999 B'],
  [format.bytes(1234), '1.2 kB'],
  [format.bytes(999_700), '1 MB'],
  [format.bytes(123_456_789), '123 MB'],
  [format.bytes(5e12), '5 TB'],
  [format.rate(44100), '44.1 kHz'],
  [format.rate(8000), '8 kHz'],
  [format.level(-12.34), '−12.3 dB'],
  [format.level(-120), '−∞ dB'],
  [format.length(3.256), '3.26 s'],
  [format.length(65), '1:05'],
  [format.clock(7261), '2:01:01'],
  [format.duration(0.2), '0.2 s'],
  [format.duration(89), '89 s'],
  [format.duration(90), '2 min'],
  [format.duration(3600), '1 h'],
  [format.duration(4800), '1 h 20 min'],
  [format.duration(100 * 3600), '4 d 4 h'],
  [format.durationRange([240, 360]), '4 min to 6 min'],
  [format.durationRange([240, 241]), 'about 4 min'],
  [format.ago(1000, 20_000), 'just now'],
  [format.ago(0, 3 * 60_000), '3 minutes ago'],
  [format.ago(0, 24 * 3_600_000), 'yesterday'],
  [format.channels(1), 'mono'],
  [format.channels(6), '6 channels'],
  [format.sentence('it is torn'), 'It is torn.'],
  [format.sentence('Is it?'), 'Is it?'],
  [format.sentence('kick.wav is silent'), 'kick.wav is silent.'],
  [format.sentence('loops/kick is silent'), 'loops/kick is silent.'],
  [format.sentence('“passwd” could not be read'), '“passwd” could not be read.'],
  [format.capital('phase 1: reconstruction'), 'Phase 1: reconstruction'],
])('%s', (actual, expected) => {
  expect(plain(actual)).toBe(expected)
})
