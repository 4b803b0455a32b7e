// What the pages know about a family of models beyond what the studio reports.

import { rave } from './rave'

type Settings = Record<string, unknown>

export interface FamilyPart {
  /** Whether the original program of the family cannot run such a model. */
  isClosedToOriginal: (settings: Settings) => boolean
}

/** For families not listed here, nothing more is known. */
const unknown: FamilyPart = { isClosedToOriginal: () => false }

const parts = new Map<string, FamilyPart>([['rave', rave]])

export const familyPart = (family: string): FamilyPart => parts.get(family) ?? unknown
