// What the pages know about priors beyond what the studio reports.

import type { FamilyPart } from '.'

/** The family's name, for addresses. */
export const PRIOR = 'prior'

export const prior: FamilyPart = {
  isClosedToOriginal: () => false,
  makesSounds: true,
  hearsSounds: false,
}

/** The form of a new run that trains a prior of a model. */
export const priorHref = (model: string): string => `/runs/new?family=${PRIOR}&model=${encodeURIComponent(model)}`
