// What the pages know about game agents beyond what the studio reports.

import type { NewRun, RunDetail } from '$lib/api'
import { capital } from '$lib/format'

import type { FamilyPart } from '.'

const NAME = 'agent'
/** The setting that says which game is played. */
const GAME = 'game'
const QUICK = 'quick'
/** Games that Quick does not learn, with the preset that learns them about as fast. */
const OWN_PRESETS: Record<string, string> = { mountaincar: 'mountaincar' }
const quick = (game: string): string => OWN_PRESETS[game] ?? QUICK
/** The game to begin with: what happens in it is seen at once. */
export const FIRST_GAME = { key: 'brick', title: 'Brick' }

export const agent: FamilyPart = {
  isClosedToOriginal: () => false,
  makesSounds: false,
  hearsSounds: false,
  overview: () => import('../pages/games/AgentOverview.svelte'),
  subject: { knob: GAME, picker: () => import('../pages/games/GamePicker.svelte') },
  nameOf: (game, preset) => `${capital(game)} ${preset.toLowerCase()}`,
}

/** The order of a run whose agent learns a game. */
export const learning = (game: string, name: string, preset: string = QUICK): NewRun => ({
  name,
  dataset: null,
  family: NAME,
  preset: preset === QUICK ? quick(game) : preset,
  switches: [],
  settings: { [GAME]: game },
  seed: null,
  limit: null,
})

/** The form of a new run, with the game chosen. */
export const learningHref = (game: string): string => `/runs/new?family=${NAME}&preset=${quick(game)}&set=${encodeURIComponent(JSON.stringify({ [GAME]: game }))}`

/** The game that the agent of a run learns. */
export const gameOf = ({ game, settings }: RunDetail): string => game ?? String((settings as Record<string, unknown>)[GAME] ?? '')
