// What somebody decides about the sounds of a generation: kept, thrown away, ticked.

import './en'

import { SvelteMap, SvelteSet } from 'svelte/reactivity'

import { discardGenerated } from '$lib/api/generations'
import { changeSound, keepSound } from '$lib/api/sounds'
import { t, tn } from '$lib/i18n'
import { attempt, toast, toastProblem, toastUndo } from '$lib/toasts.svelte'

import type { GeneratedSound } from '$lib/api'

/** How long a sound that was thrown away can come back; a little longer than the message says so. */
const GRACE_MS = 12_000

/**
 * Sounds on their way out, by generation and number. They are hidden at once and deleted after a while; until then
 * nothing has happened to them, so that a page that is closed in the meantime loses none.
 */
const leaving = new SvelteMap<string, ReturnType<typeof setTimeout>>()
const nameOf = (job: string, number: number) => `${job}/${number}`

export const isLeaving = (job: string, number: number): boolean => leaving.has(nameOf(job, number))

/** Throws sounds away, with an undo for all of them at once; `onGone` is called when files were deleted. */
export function leave(job: string, sounds: readonly GeneratedSound[], onGone: () => void): void {
  const going = sounds.filter(({ number }) => !isLeaving(job, number))
  const [first] = going
  if (!first) return
  for (const { number } of going) {
    const timer = setTimeout(() => {
      discardGenerated(job, number)
        .catch(toastProblem)
        .finally(() => {
          onGone()
          // The list says that it is gone before the page stops hiding it.
          setTimeout(() => leaving.delete(nameOf(job, number)), 2000)
        })
    }, GRACE_MS)
    leaving.set(nameOf(job, number), timer)
  }
  const text = going.length === 1 ? t('results.thrown', { name: first.card.name }) : tn('results.thrownMany', going.length)
  toastUndo(text, () => {
    for (const { number } of going) {
      clearTimeout(leaving.get(nameOf(job, number)))
      leaving.delete(nameOf(job, number))
    }
    return Promise.resolve()
  })
}

/** Takes sounds into the library; those that are there already stay as they are. Returns their identifiers by number. */
export async function keep(job: string, sounds: readonly GeneratedSound[], isFavourite = false): Promise<Map<number, string>> {
  const kept = new Map<number, string>()
  await attempt(async () => {
    for (const { number, path, kept_as: before } of sounds) {
      const id = before ?? (await keepSound({ job, path })).id
      if (isFavourite) await changeSound(id, { is_favourite: true })
      kept.set(number, id)
    }
    if (kept.size > 0) toast(isFavourite ? t('results.favoured') : tn('results.kept', kept.size))
  })
  return kept
}

/** Ticked cards. */
export class Ticks {
  #all = new SvelteSet<number>()

  has(number: number): boolean {
    return this.#all.has(number)
  }
  get size(): number {
    return this.#all.size
  }
  set(number: number, isTicked: boolean): void {
    if (isTicked) this.#all.add(number)
    else this.#all.delete(number)
  }
  toggle(number: number): void {
    this.set(number, !this.has(number))
  }
  clear(): void {
    this.#all.clear()
  }
}
