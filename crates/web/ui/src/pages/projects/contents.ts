// The contents of a project, in words.

import './en'

import type { Project } from '$lib/api'
import { t, tn } from '$lib/i18n'

/** `2 datasets · 1 run`; zero counts are omitted. */
export function contentsText({ n_datasets, n_runs, n_models }: Project): string {
  const parts = [
    n_datasets > 0 ? tn('project.nDatasets', n_datasets) : '',
    n_runs > 0 ? tn('project.nRuns', n_runs) : '',
    n_models > 0 ? tn('project.nModels', n_models) : '',
  ]
  return parts.filter(Boolean).join(' · ') || t('project.isEmpty')
}
