// Why a sound that was made again came out differently.

import type { RecipeModel, SoundCard } from '$lib/api'

export type Reason = 'unhashed' | 'otherModel' | 'otherVersion' | 'unknown'

/** The likeliest reason, by what both cards say. */
export function reasonOf(before: SoundCard, after: SoundCard): Reason {
  if (!before.facts.sha256) return 'unhashed'
  const models = ({ recipe }: SoundCard): RecipeModel[] => (recipe.source.from === 'prior' ? [...recipe.models, recipe.source.prior] : recipe.models)
  const now = models(after)
  if (models(before).some(({ sha256 }, i) => sha256 && now[i]?.sha256 && sha256 !== now[i]?.sha256)) return 'otherModel'
  return before.version === after.version ? 'unknown' : 'otherVersion'
}
