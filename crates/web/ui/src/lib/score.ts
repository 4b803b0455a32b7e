// The score of a run: whether it became better, and where it stands among others.

import type { Run, ScoreMetric } from '$lib/api'
import { t } from '$lib/i18n'

type Scored = Pick<Run, 'score' | 'score_metric'>

/** By how much the score is better than at first, in its own unit; negative where it is worse. */
export function improvement({ score, score_metric: metric }: Scored): number {
  if (!score) return 0
  return metric.is_smaller_better ? score.first - score.latest : score.latest - score.first
}

/** The change of the score since the first measurement, as a share of that; nothing where there is no share. */
export const changeOf = ({ score }: Scored): number | undefined =>
  score && score.first > 0 ? score.latest / score.first - 1 : undefined

/** A number that sorts scores, the best first; what was not measured comes last. */
export const rankOf = (score: number | null | undefined, metric: ScoreMetric): number =>
  score == null ? Number.POSITIVE_INFINITY : metric.is_smaller_better ? score : -score

/** What the score is called, with its unit. */
export const scoreTitle = ({ title, unit }: ScoreMetric): string => (unit ? `${title} (${unit})` : title)

/** The same, with what is better. */
export const scoreInfo = (metric: ScoreMetric): string =>
  t(metric.is_smaller_better ? 'runList.lowerIsBetter' : 'runList.higherIsBetter', { score: scoreTitle(metric) })
