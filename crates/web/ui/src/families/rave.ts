// What the pages know about RAVE beyond what the studio reports.

import type { FamilyPart } from '.'

export const rave: FamilyPart = {
  makesSounds: true,
  hearsSounds: true,
  // acids-rave has encoders with a mel spectrogram as input, but cannot run them.
  isClosedToOriginal: ({ encoder_input: input }) => input === 'mel',
}
