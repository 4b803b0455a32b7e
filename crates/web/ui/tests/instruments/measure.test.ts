import { expect, test } from 'vitest'

import { levelsOf } from '$instruments/measure'

test.each([
  { samples: [1, -1, 1, -1], peakDb: 0, rmsDb: 0 },
  { samples: [0.5, 0, -0.5, 0], peakDb: -6.02, rmsDb: -9.03 },
  { samples: [0, 0], peakDb: -120, rmsDb: -120 },
  { samples: [], peakDb: -120, rmsDb: -120 },
])('levels of $samples', ({ samples, peakDb, rmsDb }) => {
  const got = levelsOf(Float32Array.from(samples))
  expect(got.peakDb).toBeCloseTo(peakDb, 2)
  expect(got.rmsDb).toBeCloseTo(rmsDb, 2)
})
