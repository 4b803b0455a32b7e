// Levels of a sound, as numbers.

/** The level that represents silence, in dB. */
const SILENCE_DB = -120

/** Peak and RMS of samples in [-1, 1], in dB relative to full scale. */
export function levelsOf(samples: Float32Array): { peakDb: number; rmsDb: number } {
  let peak = 0
  let power = 0
  for (const x of samples) {
    peak = Math.max(peak, Math.abs(x))
    power += x * x
  }
  return { peakDb: decibels(peak), rmsDb: decibels(Math.sqrt(power / Math.max(1, samples.length))) }
}

function decibels(amplitude: number): number {
  return Math.max(SILENCE_DB, 20 * Math.log10(amplitude + 1e-12))
}
