// Actions on a whole batch.

import './en'

import { openGeneration } from '$lib/api/generations'
import { t } from '$lib/i18n'
import { attempt, toast } from '$lib/toasts.svelte'

/** Opens its folder in the file manager of the studio's computer. */
export async function openFolderOf(id: string): Promise<void> {
  if (await attempt(() => openGeneration(id))) toast(t('sound.folderOpened'))
}
