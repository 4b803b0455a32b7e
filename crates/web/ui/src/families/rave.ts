// What pages know of RAVE beyond what the studio says of every family.

import type { FamilyPart } from '.'

export const rave: FamilyPart = {
  // acids-rave has encoders that hear a mel spectrogram, but cannot run them.
  isClosedToOriginal: ({ encoder_input: input }) => input === 'mel',
}
