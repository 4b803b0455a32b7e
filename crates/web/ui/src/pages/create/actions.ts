// Actions on kept sounds, wherever they are shown.

import './en'

import { createGeneration } from '$lib/api/generations'
import { changeSound, deleteSound, openSound, restoreSound, soundRecipe } from '$lib/api/sounds'
import { t, tn } from '$lib/i18n'
import { go } from '$lib/router.svelte'
import { attempt, toast } from '$lib/toasts.svelte'
import { moveToTrash } from '$lib/trash.svelte'

import { thrown } from './draft'
import { fileOf } from './listen'
import { idOf } from './recipe'
import type { Recipe, Sound } from '$lib/api'

/** How many variations are made at once, and how far they drift. */
export const VARIATIONS = { count: 12, amount: 0.3 }

/** Those of words take long, and differ by their seeds. */
const WORDS_VARIATIONS = { count: 4, amount: 0 }

export const favour = (sounds: readonly Sound[], isFavourite: boolean): Promise<boolean> =>
  attempt(async () => {
    for (const { id } of sounds) await changeSound(id, { is_favourite: isFavourite })
  })

export const rename = (id: string, name: string): Promise<boolean> => attempt(() => changeSound(id, { name }))

export const retag = (id: string, tags: string[]): Promise<boolean> => attempt(() => changeSound(id, { tags }))

/** Moves sounds to the trash; returns the identifiers of those that are gone. */
export async function remove(sounds: readonly Sound[]): Promise<string[]> {
  const gone = await moveToTrash(sounds.map(({ id, card }) => ({ id, name: card.name })), deleteSound, restoreSound)
  return gone.map(({ id }) => id)
}

/** Makes variations of a recipe, and shows them. */
export const vary = (recipe: Recipe, name: string): Promise<boolean> =>
  attempt(async () => {
    // Words and blends have no latents to drift in: other seeds are their variations.
    const isOfWords = recipe.source.from === 'words' || recipe.source.from === 'blend'
    const { count, amount } = isOfWords ? WORDS_VARIATIONS : VARIATIONS
    const { id } = await createGeneration({ name: t('vary.name', { name }), recipe: isOfWords ? { ...recipe, seed: thrown() } : recipe, count, vary: amount })
    toast(tn('vary.started', count))
    go(`/create/generations/${id}`)
  })

export const varySound = ({ id, card }: Sound): Promise<boolean> => attempt(async () => void (await vary(await soundRecipe(id), card.name)))

/** The page of a sound that makes it again and compares. */
export const againHref = ({ id }: Pick<Sound, 'id'>): string => `/create/sounds/${encodeURIComponent(id)}?again=1`

/** The page that plays its model, with its controls; undefined where its model is not in the library. */
export function exploreHref({ id, card }: Sound): string | undefined {
  if (card.recipe.source.from === 'words' || card.recipe.source.from === 'blend') return undefined
  const model = card.recipe.models[0] && idOf(card.recipe.models[0])
  return model && `/models/${encodeURIComponent(model)}/play?recipe=${encodeURIComponent(`sound:${id}`)}`
}

/** A name for its file: its own, without what file systems refuse. */
export const fileName = (name: string): string => `${name.replace(/[\\/:*?"<>|]+/g, ' ').replace(/\s+/g, ' ').trim() || 'sound'}.wav`

/** Saves a file of the studio. */
export function download(url: string, name: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = fileName(name)
  link.click()
}

export function downloadAll(sounds: readonly Sound[]): void {
  for (const sound of sounds) download(fileOf(sound), sound.card.name)
}

export const copyPath = ({ folder }: Sound): Promise<void> =>
  navigator.clipboard.writeText(`${folder}/sound.wav`).then(
    () => toast(t('sound.pathCopied')),
    () => undefined,
  )

export async function showFolder(id: string): Promise<void> {
  if (await attempt(() => openSound(id))) toast(t('sound.folderOpened'))
}
