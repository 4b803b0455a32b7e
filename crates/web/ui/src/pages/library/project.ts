// A project for other programs, made of a sound with its bars, chords and sections as they are corrected here.

import './en'

import type { MenuItem } from '$components/Menu.svelte'
import { type Analysis, type SoundMap } from '$lib/api'
import { createChange } from '$lib/api/changes'
import { t } from '$lib/i18n'
import { go } from '$lib/router.svelte'
import { attempt } from '$lib/toasts.svelte'

/** What a project needs of what was found in a sound. */
export function mapOf({ beats_s, downbeats_s, meter, chords, sections, seconds }: Analysis): SoundMap {
  return { beats_s, downbeats_s, meter: meter ?? null, chords, sections, seconds }
}

/** Entries of a menu that write a project of a sound. */
export const projectItems = (id: string, analysis: Analysis): MenuItem[] =>
  (['reaper', 'dawproject'] as const).map((form, i) => ({
    title: t(`item.project.${form}`),
    isApart: i === 0,
    run: () =>
      attempt(async () => {
        const made = await createChange({ inputs: [{ from: 'item', id }], change: { change: 'write_daw', form, map: mapOf(analysis) } })
        go(`/changes/${made.id}`)
      }),
  }))
