// The score of a run: whether it improved, and how it ranks.

import type { Run, ScoreMetric } from '$lib/api'
import { t } from '$lib/i18n'

type Scored = Pick<Run, 'score' | 'score_metric'>

/** How much the score has improved since the first measurement, in its own unit; negative if it is worse. */
export function improvement({ score, score_metric: metric }: Scored): number {
  if (!score) return 0
  return metric.is_smaller_better ? score.first - score.latest : score.latest - score.first
}

/** The relative change of the score since the first measurement; undefined where it cannot be computed. */
export const changeOf = ({ score }: Scored): number | undefined =>
  score && score.first > 0 ? score.latest / score.first - 1 : undefined

/** A sort key that puts the best score first and unmeasured ones last. */
export const rankOf = (score: number | null | undefined, metric: ScoreMetric): number =>
  score == null ? Number.POSITIVE_INFINITY : metric.is_smaller_better ? score : -score

/** The score's title, with its unit. */
export const scoreTitle = ({ title, unit }: ScoreMetric): string => (unit ? `${title} (${unit})` : title)

/** The same, with whether lower or higher is better. */
export const scoreInfo = (metric: ScoreMetric): string =>
  t(metric.is_smaller_better ? 'runList.lowerIsBetter' : 'runList.higherIsBetter', { score: scoreTitle(metric) })

/** The best score so far, by the checkpoint on disk or the newest measurement; undefined before the first. */
export function bestOf({ score, score_metric: metric }: Scored): number | undefined {
  if (!score) return undefined
  return metric.is_smaller_better ? Math.min(score.best, score.latest) : Math.max(score.best, score.latest)
}
