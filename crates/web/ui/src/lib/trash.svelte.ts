// Deleting with undo: items go to the trash, where they stay for 30 days.

import { trash as ask, type TrashItem, unreadable as askUnreadable, type UnreadableFolder } from '$lib/api'
import { bytes } from '$lib/format'
import { t, tn } from '$lib/i18n'
import { toastProblem, toastUndo } from '$lib/toasts.svelte'

import type { List } from './feature'
import { changes, type Resource, resource } from './resource.svelte'

export interface Deletable {
  id: string
  name: string
}

/** Moves items to the trash with a single undo for all; returns those that were moved. `note` says
    what that means for others. */
export async function moveToTrash<T extends Deletable>(
  things: readonly T[],
  remove: (id: string) => Promise<unknown>,
  restore: (id: string) => Promise<unknown>,
  note: (gone: readonly T[]) => string = () => '',
): Promise<T[]> {
  const gone: T[] = []
  let failure: unknown
  for (const thing of things) {
    try {
      await remove(thing.id)
      gone.push(thing)
    } catch (thrown) {
      failure = thrown
    }
  }
  if (failure !== undefined) toastProblem(failure)
  const [first] = gone
  if (first) {
    const text = gone.length === 1 ? t('trash.movedOne', { name: first.name }) : tn('trash.moved', gone.length)
    const more = note(gone)
    toastUndo(more ? `${text}. ${more}` : text, async () => {
      for (const thing of gone) await restore(thing.id)
    })
  }
  return gone
}

/** The contents of the trash. */
export const trashResource = (): Resource<TrashItem[]> => resource(ask, changes('trash'))

/** Folders of a list that cannot be read. */
export const unreadableResource = (list: List): Resource<UnreadableFolder[]> =>
  resource(
    (signal) => askUnreadable(signal).then((all) => all.filter((one) => one.list === list)),
    (message) => message.live === 'changed' && message.list === list,
  )

/** The size of the trash: `3 items, 12 MB`. */
export const trashTotal = (items: readonly TrashItem[]): string =>
  tn('trash.total', items.length).replace('{size}', bytes(items.reduce((sum, item) => sum + item.bytes, 0)))

/** How many days an item stays in the trash, at least 0. The page's clock is up to a minute behind. */
export const daysLeft = (expiresMs: number, nowMs: number): number => Math.max(0, Math.ceil((expiresMs - nowMs - 60_000) / 86_400_000))
