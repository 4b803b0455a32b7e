// The sound that a page of the workbench changes: what is known of it and how it is heard. Call it during component setup.

import './en'

import { type LibraryItem, type LibraryItemDetail } from '$lib/api'

import { libraryItem } from '$lib/api/library'
import { t } from '$lib/i18n'
import { changes, type Resource, resource } from '$lib/resource.svelte'
import { useShortcuts } from '$lib/shortcuts.svelte'
import { setTitle } from '$lib/title.svelte'

import { type Heard, heard as hear } from './heard.svelte'
import { type Tool, toolTitle } from './tools'

export interface Opened {
  readonly id: string
  readonly tool: Tool
  readonly detail: Resource<LibraryItemDetail>
  /** The sound, once it is known. */
  readonly item: LibraryItem | undefined
  readonly heard: Heard
}

/** Opens a sound for a page, which gets its name as a title, and whose space bar plays it. */
export function opened(id: string, tool: Tool): Opened {
  const detail = resource((signal) => libraryItem(id, signal), changes('library', id))
  const item = $derived(detail.data?.item)
  const heard = hear(() => item)

  $effect(() => {
    if (item) setTitle(`${t(toolTitle(tool))}: ${item.name}`)
  })
  useShortcuts({ keys: 'Space', title: `${t('player.play')} / ${t('player.pause')}`, run: heard.toggle })

  return {
    id,
    tool,
    detail,
    get item() {
      return item
    },
    heard,
  }
}
