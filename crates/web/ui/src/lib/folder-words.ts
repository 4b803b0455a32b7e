// The number of sounds in a folder, in words.

import type { FolderListing } from '$lib/api'

import { count } from './format'
import { t, tn } from './i18n'

/** `340 sound files`; with `where`, also how many of them are in subfolders. */
export function soundsIn({ n_sounds: here, n_sounds_below: all, is_count_partial: isPartial }: FolderListing, where = false): string {
  if (all === undefined) return tn('folder.soundsHere', here)
  if (isPartial) return all > 0 ? t('folder.soundsAtLeast', { n: count(all) }) : t('folder.soundsUncounted')
  return where && all > here ? t('folder.soundsBelow', { all: tn('folder.sounds', all), n: count(all - here) }) : tn('folder.sounds', all)
}
