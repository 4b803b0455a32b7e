// Chapters as video sites read them.

import type { Chapter } from '$lib/api'
import { clock } from '$lib/format'

/** `0:00 Start`, a line for each; the first one is at 0:00, as video sites ask. */
export const chapterText = (chapters: readonly Chapter[]): string =>
  chapters.map(({ start_secs, title }, i) => `${clock(i === 0 ? 0 : start_secs)} ${title}`).join('\n')
