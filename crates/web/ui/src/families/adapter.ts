// What the pages know about adapters beyond what the studio reports.

import type { FamilyPart } from '.'

/** The family's name, for addresses. */
export const ADAPTER = 'adapter'

export const adapter: FamilyPart = {
  isClosedToOriginal: () => true,
  makesSounds: true,
  hearsSounds: false,
}

/** The form of a new run that trains an adapter of a model. */
export const adapterHref = (model: string): string => `/runs/new?family=${ADAPTER}&model=${encodeURIComponent(model)}`
