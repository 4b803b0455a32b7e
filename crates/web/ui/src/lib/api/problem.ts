// The studio's problems, as errors that can be thrown.

import { t } from '$lib/i18n'

import type { Problem } from './types'

/** Thrown by every request that fails. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    readonly status: number,
  ) {
    super(problem.what)
    this.name = 'ProblemError'
  }
}

/** The problem in anything that was thrown, so that all failures are shown alike. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ProblemError) return thrown.problem
  const why = thrown instanceof Error ? thrown.message : String(thrown)
  return { code: 'page_error', what: t('problem.page'), why, remedy: t('problem.pageRemedy') }
}

/** The problem when the studio did not answer at all. */
export function unreachable(): ProblemError {
  const problem = { code: 'unreachable', what: t('problem.unreachable'), remedy: t('problem.unreachableRemedy') }
  return new ProblemError(problem, 0)
}

/** The problem in an answer with an error status, which may not come from the studio. */
export function problemFrom(body: unknown, status: number): ProblemError {
  if (isProblem(body)) return new ProblemError(body, status)
  return new ProblemError({ code: `http_${status}`, what: t('problem.answer', { status: String(status) }) }, status)
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'what' in body
}
