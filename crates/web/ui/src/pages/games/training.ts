// Starts trainings of agents.

import './en'

import Settings from '@lucide/svelte/icons/settings-2'
import Timer from '@lucide/svelte/icons/timer'

import type { MenuItem } from '$components/Menu.svelte'
import { createRun, type Game, runs } from '$lib/api'
import { t } from '$lib/i18n'
import { freeName } from '$lib/named'
import { go } from '$lib/router.svelte'
import { attempt } from '$lib/toasts.svelte'

import { learning, learningHref } from '../../families/agent'

type Learnt = Pick<Game, 'key' | 'title'>

const NAMES = { quick: 'game.runName.quick', standard: 'game.runName.standard', epic_4h: 'game.runName.epic_4h', epic_10h: 'game.runName.epic_10h' } as const

/** Starts a training on a game and goes to its run. */
export const train = ({ key, title }: Learnt, preset: keyof typeof NAMES = 'quick'): Promise<boolean> =>
  attempt(async () => {
    const taken = (await runs()).map(({ name }) => name)
    const { id } = await createRun(learning(key, freeName(t(NAMES[preset], { title }), taken), preset))
    go(`/runs/${id}`)
  })

/** Longer trainings, and the form with every setting. */
export const otherWays = (game: Learnt): MenuItem[] => [
  { title: t('game.trainStandard'), icon: Timer, run: () => train(game, 'standard') },
  { title: t('game.trainEpic4'), icon: Timer, run: () => train(game, 'epic_4h') },
  { title: t('game.trainEpic10'), icon: Timer, run: () => train(game, 'epic_10h') },
  { title: t('game.trainSettings'), icon: Settings, href: learningHref(game.key), isApart: true },
]
