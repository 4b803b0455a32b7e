// What can be done with other people's models, in words.

import './en'

import { length } from '$lib/format'
import { t } from '$lib/i18n'

import type { WeightsUse, WordsAbilities } from '$lib/api'

/** `words to sound, up to 30 s; sound to codes and back` */
export const usesText = (uses: readonly WeightsUse[], words?: WordsAbilities): string =>
  uses.map((use) => (use === 'words' && words ? t('weights.use.wordsUpTo', { length: length(words.max_secs) }) : t(`weights.use.${use}`))).join('; ')
