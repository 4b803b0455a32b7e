// Which models of the library go together.

import type { Model, ModelDetail } from '$lib/api'

import { modelPart } from '../../families'

/** Other models that play at the same rate, so that they can be morphed with it. */
export function morphable(models: readonly Model[], of: ModelDetail): Model[] {
  return models.filter((one) => one.id !== of.id && one.rate_hz === of.rate_hz && modelPart(one).makesSounds && one.family !== 'prior')
}
