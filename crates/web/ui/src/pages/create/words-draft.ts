// What the form of sounds from words holds, and the order that it becomes.

import type { Finish, LinkedWeights, Model, NewGeneration, Recipe, RecipeModel, SampleFormat, WordsAbilities, WordsBegin, WordsSource } from '$lib/api'

import type { Chosen } from './draft'

/** A prompt of a mixture; those of a form keep their order. */
export interface PromptDraft {
  text: string
  weight: number
}

/** How a sound is put together. */
export type Shape = 'one' | 'sections' | 'parts'
export const SHAPES: readonly Shape[] = ['one', 'sections', 'parts']

export interface SectionDraft {
  text: string
  secs: number
}
export interface PartDraft {
  name: string
  prompt: string
  gainDb: number
}

/** An adapter and how much of it is added. */
export interface AdapterDraft {
  id: string
  name: string
  weight: number
}

export interface WordsDraft {
  adapters: AdapterDraft[]
  shape: Shape
  /** What follows on the first section. */
  sections: SectionDraft[]
  parts: PartDraft[]
  /** Beats per minute; as it comes if undefined. */
  bpm: number | undefined
  /** At the end, if the tempo changes. */
  endBpm: number | undefined
  key: string
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
export const ADAPTERS_MAX = 8
export const FADE_MAX = 30
export const SECTIONS_MAX = 32
export const PARTS_MAX = 16
export const BPM = { least: 30, most: 300 }
/** Keys that are offered. */
export const KEYS: readonly string[] = ['C', 'C#', 'D', 'Eb', 'E', 'F', 'F#', 'G', 'Ab', 'A', 'Bb', 'B'].flatMap((note) => [`${note} major`, `${note} minor`])

export const noFinish = (): Finish => ({ trims_silence: false, loop_secs: 0, fade_in_secs: 0, fade_out_secs: 0 })

export const emptyWords = (): WordsDraft => ({
  adapters: [],
  shape: 'one',
  sections: [{ text: '', secs: 10 }],
  parts: [
    { name: 'Drums', prompt: '', gainDb: 0 },
    { name: 'Bass', prompt: '', gainDb: 0 },
  ],
  bpm: undefined,
  endBpm: undefined,
  key: '',
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
export function missingWords(draft: WordsDraft, model: WordsModel | undefined): 'model' | 'licence' | 'prompt' | 'section' | 'part' | 'gap' | undefined {
  if (!model) return 'model'
  if (waits(model)) return 'licence'
  const isCommon = draft.shape === 'parts' && draft.prompts.length === 1
  if (!isCommon && draft.prompts.some(({ text }) => isEmpty(text))) return 'prompt'
  if (draft.shape === 'sections' && draft.sections.some(({ text }) => isEmpty(text))) return 'section'
  if (draft.shape === 'parts' && (draft.parts.length === 0 || draft.parts.some(({ name, prompt }) => isEmpty(name) || isEmpty(prompt)))) return 'part'
  if (draft.start && howOf(draft, model) === 'fill' && !(draft.gap[0] < draft.gap[1] && draft.gap[1] <= draft.secs)) return 'gap'
  return undefined
}

const isEmpty = (text: string): boolean => text.trim() === ''

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
    prompts: draft.prompts.filter(({ text }) => !isEmpty(text)).map(({ text, weight }) => ({ text: text.trim(), weight })),
    sections: draft.shape === 'sections' ? draft.sections.map(({ text, secs }) => ({ prompts: [{ text: text.trim(), weight: 1 }], secs: Math.min(secs, can.max_secs) })) : [],
    parts: draft.shape === 'parts' ? draft.parts.map(({ name, prompt, gainDb }) => ({ name: name.trim(), prompt: prompt.trim(), gain_db: gainDb })) : [],
    tempo: draft.bpm === undefined ? null : { bpm: draft.bpm, end_bpm: draft.endBpm ?? null },
    key: draft.key || null,
    negative: can.takes_negative && negative ? negative : null,
    steps: can.steps && draft.steps !== undefined ? Math.min(can.steps.most, Math.max(can.steps.least, draft.steps)) : null,
    guidance: draft.guidance ?? null,
    begin:
      draft.start && how
        ? { sound: draft.start.place, how, strength: how === 'vary' ? draft.strength : null, gap_secs: how === 'fill' ? draft.gap : null }
        : null,
    adapters: can.takes_adapters ? draft.adapters.map(({ id, name, weight }) => ({ adapter: { place: { from: 'library', id }, name }, weight })) : [],
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
  const empty = emptyWords()
  const [sections, parts] = [source.sections ?? [], source.parts ?? []]
  const adapters = (source.adapters ?? []).flatMap(({ adapter: { place, name = '' }, weight = 1 }) => (place.from === 'library' ? [{ id: place.id, name, weight }] : []))
  return {
    adapters,
    shape: parts.length > 0 ? 'parts' : sections.length > 0 ? 'sections' : 'one',
    sections: sections.length > 0 ? sections.map(({ prompts, secs }) => ({ text: prompts.map(({ text }) => text).join(', '), secs })) : empty.sections,
    parts: parts.length > 0 ? parts.map(({ name, prompt, gain_db: gainDb }) => ({ name, prompt, gainDb: gainDb ?? 0 })) : empty.parts,
    bpm: source.tempo?.bpm ?? undefined,
    endBpm: source.tempo?.end_bpm ?? undefined,
    key: source.key ?? '',
    prompts: source.prompts.length === 0 ? empty.prompts : source.prompts.map(({ text, weight }) => ({ text, weight: weight ?? 1 })),
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
