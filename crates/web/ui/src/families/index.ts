// What pages know of a family of models beyond what the studio says of every one.

import { rave } from './rave'

type Settings = Record<string, unknown>

export interface FamilyPart {
  /** Whether the program that the family is from cannot run such a model. */
  isClosedToOriginal: (settings: Settings) => boolean
}

/** Of a family that is not here, nothing more is known. */
const unknown: FamilyPart = { isClosedToOriginal: () => false }

const parts = new Map<string, FamilyPart>([['rave', rave]])

export const familyPart = (family: string): FamilyPart => parts.get(family) ?? unknown
