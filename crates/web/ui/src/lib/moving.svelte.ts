// What is to be moved into another project: lists put it here, and a dialog of the shell asks where to.

import FolderInput from '@lucide/svelte/icons/folder-input'

import type { MenuItem } from '$components/Menu.svelte'

import { overlays } from '../shell/overlays.svelte'
import type { List } from './feature'
import { t } from './i18n'

export interface Movable {
  list: List
  id: string
  name: string
  /** The project that it lies in. */
  project: string
}

let asked = $state.raw<readonly Movable[]>([])

export const moving = {
  get all(): readonly Movable[] {
    return asked
  },
}

/** Asks which project they shall be moved to. */
export function askToMove(things: readonly Movable[]): void {
  asked = things
  overlays.open = 'move'
}

/** As an entry of a menu. */
export const moveEntry = (things: readonly Movable[]): MenuItem => ({ title: t('projects.move'), icon: FolderInput, run: () => askToMove(things) })
