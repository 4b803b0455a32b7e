// What went wrong, in the studio's words, as something that can be thrown.

import { t } from '$lib/i18n'

import type { Problem } from './types'

/** Thrown by every verb whose answer is not what was asked for. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    readonly status: number,
  ) {
    super(problem.what)
    this.name = 'ProblemError'
  }
}

/** The problem in anything that was thrown, so that every failure can be shown the same way. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ProblemError) return thrown.problem
  const why = thrown instanceof Error ? thrown.message : String(thrown)
  return { code: 'page_error', what: t('problem.page'), why, remedy: t('problem.pageRemedy') }
}

/** The problem when the studio gave no answer at all. */
export function unreachable(): ProblemError {
  const problem = { code: 'unreachable', what: t('problem.unreachable'), remedy: t('problem.unreachableRemedy') }
  return new ProblemError(problem, 0)
}

/** The problem in an answer with an error status; not every such answer comes from the studio. */
export function problemFrom(body: unknown, status: number): ProblemError {
  if (isProblem(body)) return new ProblemError(body, status)
  return new ProblemError({ code: `http_${status}`, what: t('problem.answer', { status: String(status) }) }, status)
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'what' in body
}
