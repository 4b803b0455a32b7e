// Where things have their pages.

import type { Job } from '$lib/api'

/** The page of what a job makes. */
export function hrefOf(job: Pick<Job, 'id' | 'kind'>): string {
  switch (job.kind) {
    case 'prepare':
      return `/datasets/${job.id}`
    case 'import':
      return `/import?job=${job.id}`
    case 'train':
      return `/runs/${job.id}`
    case 'reconstruct':
      // A reconstruction is shown on its model's page, which only its own record names.
      return '/models'
    case 'convert':
      // What a conversion makes goes to whoever asked for it.
      return '/models'
    case 'export':
      return `/exports/${job.id}`
    case 'measure':
      // What was measured is shown where the run is put together.
      return '/runs/new'
  }
}

/** As many runs as charts have colours for. */
export const MOST_COMPARED = 4
/** The page that shows runs beside each other. */
export const compareHref = (ids: readonly string[]): string => `/compare?ids=${ids.map(encodeURIComponent).join(',')}`
