// What people keep of playing a model, of one kind: named, changed, deleted with a way back.

import { t } from '$lib/i18n'
import { freeName } from '$lib/named'
import { changes, type Resource, resource } from '$lib/resource.svelte'
import { attempt, toastUndo } from '$lib/toasts.svelte'
import { changePatch, deletePatch, patches as askForPatches, restorePatch, savePatch } from '$lib/api/patches'
import type { List } from '$lib/feature'

import './en'
import type { Patch, PatchKind } from './words'

export class Kept {
  list: Resource<Patch[]>

  #model: string
  #kind: PatchKind

  /** Call it during component setup. */
  constructor(model: string, kind: PatchKind) {
    this.#model = model
    this.#kind = kind
    this.list = resource((signal) => askForPatches({ model, kind }, signal), changes('patches' as List))
  }

  get all(): Patch[] {
    return this.list.data ?? []
  }

  /** Keeps something under a name that is not taken; undefined if that failed. */
  async save(name: string, body: unknown): Promise<Patch | undefined> {
    let saved: Patch | undefined
    await attempt(async () => {
      const free = freeName(name, this.all.map((one) => one.name))
      saved = await savePatch({ kind: this.#kind, name: free, model: this.#model, body })
      await this.list.refresh()
    })
    return saved
  }
  async change(id: string, changed: { name?: string; body?: unknown }): Promise<boolean> {
    return attempt(async () => {
      await changePatch(id, changed)
      await this.list.refresh()
    })
  }
  async remove({ id, name }: Patch): Promise<void> {
    const isDone = await attempt(async () => {
      await deletePatch(id)
      await this.list.refresh()
    })
    if (!isDone) return
    toastUndo(t('patch.deleted', { name }), async () => {
      await restorePatch(id)
      await this.list.refresh()
    })
  }
}

/** Rows of numbers in something that was kept; undefined if it holds none. */
export function rowsOf(body: unknown, key: string): number[][] | undefined {
  const rows = (body as Record<string, unknown> | null)?.[key]
  const isRow = (row: unknown): row is number[] => Array.isArray(row) && row.every((value) => typeof value === 'number')
  return Array.isArray(rows) && rows.length > 0 && rows.every(isRow) ? rows : undefined
}
