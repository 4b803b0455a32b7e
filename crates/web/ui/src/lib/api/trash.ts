// Requests about the trash and about unreadable folders.

import { answer, client, type Signal, until } from './request'
import type { TrashItem } from './types'

/** Deleted items, newest first. */
export const trash = (signal?: Signal) => answer(client.GET('/api/trash', until(signal)))
export const restoreItem = ({ list, id }: Pick<TrashItem, 'list' | 'id'>) =>
  answer(client.POST('/api/trash/{list}/{id}/restore', { params: { path: { list, id } } }))
/** Deletes an item permanently; its space is freed at once. */
export const deleteForever = ({ list, id }: Pick<TrashItem, 'list' | 'id'>) =>
  answer(client.DELETE('/api/trash/{list}/{id}', { params: { path: { list, id } } }))
export const emptyTrash = () => answer(client.DELETE('/api/trash'))
/** Folders of the library that cannot be read. */
export const unreadable = (signal?: Signal) => answer(client.GET('/api/unreadable', until(signal)))
