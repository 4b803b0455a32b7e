// Where things have their pages.

import type { Job } from '$lib/api'

/** The page of what a job makes. */
export function hrefOf(job: Pick<Job, 'id' | 'kind'>): string {
  switch (job.kind) {
    case 'prepare':
      return `/datasets/${job.id}`
    case 'train':
      return `/runs/${job.id}`
    case 'reconstruct':
      // A reconstruction is shown on its model's page, which only its own record names.
      return '/models'
  }
}
