// Things to be moved into another project: lists put them here, and a dialog of the shell asks for the target.

import FolderInput from '@lucide/svelte/icons/folder-input'

import type { MenuItem } from '$components/Menu.svelte'

import { overlays } from '../shell/overlays.svelte'
import type { List } from './feature'
import { t } from './i18n'

export interface Movable {
  list: List
  id: string
  name: string
  /** The project it is in. */
  project: string
}

let asked = $state.raw<readonly Movable[]>([])

export const moving = {
  get all(): readonly Movable[] {
    return asked
  },
}

/** Asks which project to move them to. */
export function askToMove(things: readonly Movable[]): void {
  asked = things
  overlays.open = 'move'
}

/** The menu entry for it. */
export const moveEntry = (things: readonly Movable[]): MenuItem => ({ title: t('projects.move'), icon: FolderInput, run: () => askToMove(things) })
