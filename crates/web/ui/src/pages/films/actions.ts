// Actions on films, wherever they are shown.

import './en'

import { cancelJob, type Film } from '$lib/api'

import { changeFilm, deleteFilm, filmFileUrl, openFilm, restoreFilm } from '$lib/api/films'
import { t } from '$lib/i18n'
import { isActive, newest } from '$lib/jobs.svelte'
import { attempt, toast } from '$lib/toasts.svelte'
import { moveToTrash } from '$lib/trash.svelte'

import { unseen } from './choosing'

/** Cancels films in progress; the others go to the trash, with undo. Returns the identifiers of those that are gone. */
export async function removeFilms(films: readonly Film[]): Promise<string[]> {
  const going = films.filter(({ job }) => isActive(newest(job)))
  const gone: string[] = []
  for (const { id, job } of going) {
    if (!(await attempt(() => deleteFilm(id)))) continue
    gone.push(id)
    toast(t('films.cancelled', { name: job.name }))
  }
  const kept = films.filter((film) => !going.includes(film)).map(({ id, job }) => ({ id, name: job.name }))
  const moved = await moveToTrash(kept, deleteFilm, restoreFilm)
  return [...gone, ...moved.map(({ id }) => id)]
}

/** Marks films as favourites, or no longer. */
export const favour = (films: readonly Film[], isFavourite: boolean): Promise<boolean> =>
  attempt(async () => {
    for (const { id } of films) await changeFilm(id, { is_favourite: isFavourite })
  })

export const renameFilm = (id: string, name: string): Promise<boolean> => attempt(() => changeFilm(id, { name }))

/** Marks a film as watched; that it fails is no reason to disturb those who watch. */
export async function watched({ id, is_new: isNew }: Film): Promise<void> {
  if (isNew) await changeFilm(id, { is_watched: true }).catch(() => undefined)
}

export const watchedAll = (films: readonly Film[]): Promise<boolean> =>
  attempt(async () => {
    for (const { id } of unseen(films)) await changeFilm(id, { is_watched: true })
    toast(t('films.markedAll'))
  })

/** Opens its folder in the file manager of the studio's computer. */
export async function showFolder(id: string): Promise<void> {
  if (await attempt(() => openFilm(id))) toast(t('film.opened'))
}

/** Where a finished film and its picture are; undefined while there are none. */
export const filmUrl = ({ id, result }: Film): string | undefined => (result ? filmFileUrl(id, result.file) : undefined)
export const thumbnailUrl = ({ id, result }: Film): string | undefined => (result ? filmFileUrl(id, result.thumbnail) : undefined)

/** A name for the file of a film: its own, without what file systems refuse. */
export const fileName = ({ job }: Film): string => `${job.name.replace(/[\\/:*?"<>|]+/g, ' ').replace(/\s+/g, ' ').trim()}.mp4`

/** Saves finished films, one after another. */
export function download(films: readonly Film[]): void {
  for (const film of films) {
    const url = filmUrl(film)
    if (!url) continue
    const link = document.createElement('a')
    link.href = url
    link.download = fileName(film)
    link.click()
  }
}

export const cancelFilm = (id: string): Promise<boolean> => attempt(() => cancelJob(id))
