// The text of a report about a problem, safe to show to others.

import type { Problem } from '$lib/api'

/** What happened and in what environment, without the path of anyone's home folder. */
export function reportOf(problem: Problem, log?: string): string {
  const lines = [
    `code: ${problem.code}`,
    `what: ${problem.what}`,
    problem.why ? `why: ${problem.why}` : '',
    problem.remedy ? `remedy: ${problem.remedy}` : '',
    ...(problem.fields ?? []).map((field) => `setting ${field.key}: ${field.message}`),
    `page: ${location.pathname}`,
    `browser: ${navigator.userAgent}`,
    log ? `\nlog:\n${log}` : '',
  ]
  return withoutHome(lines.filter(Boolean).join('\n'))
}

/** Replaces home folders with `~`. */
export function withoutHome(text: string): string {
  return text.replace(/(\/home\/|\/Users\/|[A-Z]:\\Users\\)[^/\\\s:'"]+/g, '~').replace(/\/root(?=\/|\s|$)/g, '~')
}
