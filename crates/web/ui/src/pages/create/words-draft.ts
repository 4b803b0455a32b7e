// What the form of sounds from words holds, and the order that it becomes.

import type { Finish, LinkedWeights, Model, NewGeneration, Recipe, RecipeModel, SampleFormat, WordsAbilities, WordsBegin, WordsSource } from '$lib/api'

import type { Chosen } from './draft'

/** A prompt of a mixture; those of a form keep their order. */
export interface PromptDraft {
  text: string
  weight: number
}

export interface WordsDraft {
  prompts: PromptDraft[]
  negative: string
  secs: number
  /** The model's usual number if undefined. */
  steps: number | undefined
  /** The model's usual guidance if undefined. */
  guidance: number | undefined
  seed: number
  count: number
  start: Chosen | undefined
  how: WordsBegin
  strength: number
  gap: [number, number]
  isSmall: boolean
  loudness: number | null
  format: SampleFormat
  finish: Finish
}

/** A model that makes sound from words. */
export type WordsModel = Model & { linked: LinkedWeights & { words: WordsAbilities } }

export const PROMPTS_MAX = 8
export const FADE_MAX = 30

export const noFinish = (): Finish => ({ trims_silence: false, loop_secs: 0, fade_in_secs: 0, fade_out_secs: 0 })

export const emptyWords = (): WordsDraft => ({
  prompts: [{ text: '', weight: 1 }],
  negative: '',
  secs: 10,
  steps: undefined,
  guidance: undefined,
  seed: 0,
  count: 4,
  start: undefined,
  how: 'continue',
  strength: 0.5,
  gap: [2, 4],
  isSmall: false,
  loudness: null,
  format: 'int24',
  finish: noFinish(),
})

export const isWordsModel = (model: Model): model is WordsModel => Boolean(model.linked?.words)

/** Whether its terms must be accepted before it is used, and have not been. */
export const waits = ({ linked }: Pick<Model, 'linked'>): boolean => Boolean(linked?.licence?.must_be_accepted && (linked.accepted_ms ?? null) === null)

/** Why an order cannot be made yet, as the end of a key of words; undefined if it can. */
export function missingWords(draft: WordsDraft, model: WordsModel | undefined): 'model' | 'licence' | 'prompt' | 'gap' | undefined {
  if (!model) return 'model'
  if (waits(model)) return 'licence'
  if (draft.prompts.some(({ text }) => text.trim() === '')) return 'prompt'
  if (draft.start && howOf(draft, model) === 'fill' && !(draft.gap[0] < draft.gap[1] && draft.gap[1] <= draft.secs)) return 'gap'
  return undefined
}

/** How a sound is begun with: as the form says, where the model can. */
export function howOf(draft: Pick<WordsDraft, 'how'>, { linked }: WordsModel): WordsBegin | undefined {
  const { begins } = linked.words
  return begins.includes(draft.how) ? draft.how : begins[0]
}

/** The order; undefined while something is missing. What the model cannot do is left out. */
export function wordsOrder(draft: WordsDraft, model: WordsModel | undefined): NewGeneration | undefined {
  if (!model || missingWords(draft, model)) return undefined
  const can = model.linked.words
  const how = howOf(draft, model)
  const negative = draft.negative.trim()
  const source: WordsSource = {
    prompts: draft.prompts.map(({ text, weight }) => ({ text: text.trim(), weight })),
    negative: can.takes_negative && negative ? negative : null,
    steps: can.steps && draft.steps !== undefined ? Math.min(can.steps.most, Math.max(can.steps.least, draft.steps)) : null,
    guidance: draft.guidance ?? null,
    begin:
      draft.start && how
        ? { sound: draft.start.place, how, strength: how === 'vary' ? draft.strength : null, gap_secs: how === 'fill' ? draft.gap : null }
        : null,
    in_8_bits: draft.isSmall,
  }
  const named: RecipeModel = { place: { from: 'library', id: model.id }, name: model.name }
  const recipe: Recipe = {
    models: [named],
    source: { from: 'words', ...source },
    controls: {},
    seed: draft.seed,
    secs: Math.min(draft.secs, can.max_secs),
    format: draft.format,
    ...(draft.loudness === null ? {} : { loudness_lufs: draft.loudness }),
    ...(isNothing(draft.finish) ? {} : { finish: draft.finish }),
  }
  return { recipe, count: draft.count }
}

const isNothing = (finish: Finish): boolean => !finish.trims_silence && !finish.loop_secs && !finish.fade_in_secs && !finish.fade_out_secs

/** The form as a recipe of words filled it in; undefined for another recipe. */
export function wordsDraftOf({ recipe, count }: NewGeneration): WordsDraft | undefined {
  const { source } = recipe
  if (source.from !== 'words') return undefined
  const { begin } = source
  return {
    prompts: source.prompts.map(({ text, weight }) => ({ text, weight: weight ?? 1 })),
    negative: source.negative ?? '',
    secs: recipe.secs ?? 10,
    steps: source.steps ?? undefined,
    guidance: source.guidance ?? undefined,
    seed: recipe.seed ?? 0,
    count: count ?? 4,
    start: begin ? { place: begin.sound, name: '' } : undefined,
    how: begin?.how ?? 'continue',
    strength: begin?.strength ?? 0.5,
    gap: begin?.gap_secs ? [begin.gap_secs[0] ?? 0, begin.gap_secs[1] ?? 0] : [2, 4],
    isSmall: source.in_8_bits ?? false,
    loudness: recipe.loudness_lufs ?? null,
    format: recipe.format ?? 'int24',
    finish: { ...noFinish(), ...recipe.finish },
  }
}

/** Prompts to begin with, as ends of keys of words. */
export const PROMPTS = ['drums', 'pad', 'rain', 'guitar', 'riser', 'choir'] as const
