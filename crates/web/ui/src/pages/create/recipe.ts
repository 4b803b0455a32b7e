// A recipe in words: one sentence, and a list of facts.

import './en'

import { length, level, number, percent } from '$lib/format'
import { t, tn } from '$lib/i18n'

import type { BlendSource, Finish, Recipe, RecipeModel, SampleFormat, SessionControl, SoundPlace, WordsSource } from '$lib/api'

export const FORMATS: readonly SampleFormat[] = ['int16', 'int24', 'float32']

/** What a model of a recipe is called. */
export const nameOf = ({ name, place }: RecipeModel): string =>
  name || (place.from === 'library' ? place.id : (place.path.split(/[\\/]/).at(-1) ?? place.path))

/** The identifier of a model in the library. */
export const idOf = ({ place }: RecipeModel): string | undefined => (place.from === 'library' ? place.id : undefined)

/** The names of its models: `Bells`, `Bells and Voices`. */
export const modelsOf = ({ models }: Recipe): string => new Intl.ListFormat('en', { type: 'conjunction' }).format(models.map(nameOf))

/** Where a sound came from, in a few words. */
export function placeOf(place: SoundPlace): string {
  switch (place.in) {
    case 'library':
      return t('place.library')
    case 'dataset':
      return t('place.dataset', { number: place.idx + 1 })
    case 'generation':
      return t('place.generation', { number: place.number })
    case 'upload':
      return t('place.upload')
    case 'file':
      return place.path.split(/[\\/]/).at(-1) ?? place.path
    case 'pattern':
      return place.excerpt?.name || t('place.pattern')
  }
}

/** How a sound was made, as one sentence. */
export function sentenceOf(recipe: Recipe): string {
  const { source, variation } = recipe
  const model = modelsOf(recipe)
  const made = ((): string => {
    switch (source.from) {
      case 'sound':
        return t('made.sound', { sound: placeOf(source.sound), model })
      case 'prior':
        return source.start ? t('made.continued', { sound: placeOf(source.start), prior: nameOf(source.prior), model }) : t('made.prior', { prior: nameOf(source.prior), model })
      case 'path':
        return t(source.way === 'sphere' ? 'made.sphere' : 'made.path', { points: tn('made.points', source.points.length), model })
      case 'trajectory':
        return t('made.trajectory', { model })
      case 'walk':
        return t('made.walk', { model, speed: number(source.speed_hz), range: number(source.range) })
      case 'words':
        return t('made.words', { prompt: [...source.prompts.map(({ text }) => text), ...(source.parts ?? []).map(({ prompt }) => prompt)].join('” + “'), model })
      case 'blend': {
        const [sounds, way] = [tn('made.sounds', source.sounds.length), t(`blend.way.${source.way ?? 'grains'}`).toLowerCase()]
        return model ? t('made.blendOf', { sounds, way, model }) : t('made.blend', { sounds, way })
      }
      case 'performance':
        return t('made.performance', { model })
    }
  })()
  return variation ? t('made.varied', { made, amount: number(variation.amount) }) : made
}

/** One line about a recipe. */
export interface Line {
  title: string
  value: string
}

/** What a recipe says besides its models, in the order in which people ask. */
export function linesOf(recipe: Recipe, controls: readonly SessionControl[] = [], directions: readonly SessionControl[] = []): Line[] {
  const { source, variation, loudness_lufs: lufs } = recipe
  const lines: (Line | false | '' | null | undefined)[] = [
    source.from === 'prior' && { title: t('recipe.prior'), value: nameOf(source.prior) },
    source.from === 'prior' && source.start ? { title: t('recipe.start'), value: placeOf(source.start) } : false,
    source.from === 'prior' && typeof source.start_secs === 'number' && { title: t('recipe.startSecs'), value: length(source.start_secs) },
    source.from === 'walk' && { title: t('recipe.walk'), value: t('recipe.walkValue', { speed: number(source.speed_hz), range: number(source.range) }) },
    source.from === 'path' && {
      title: t('recipe.path'),
      value: [tn('made.points', source.points.length), t(`way.${source.way ?? 'linear'}`), source.is_closed ? t('recipe.closed') : ''].filter(Boolean).join(', '),
    },
    source.from === 'trajectory' && {
      title: t('recipe.trajectory'),
      value: t('recipe.trajectoryValue', { n: source.frames.length, rate: number(source.rate_hz) }),
    },
    ...(source.from === 'words' ? wordsLines(source) : []),
    ...(source.from === 'blend' ? blendLines(source) : []),
    source.from === 'sound' && { title: t('recipe.sound'), value: placeOf(source.sound) },
    source.from === 'sound' && source.transposes_to_model && { title: t('recipe.transposes'), value: t('recipe.transposesValue') },
    variation && { title: t('recipe.variation'), value: t('recipe.variationValue', { amount: number(variation.amount), seed: variation.seed }) },
    ...Object.entries(recipe.controls ?? {}).map(([key, value]) => controlLine(key, value, controls, directions)),
    typeof recipe.secs === 'number' && { title: t('recipe.length'), value: length(recipe.secs) },
    { title: t('recipe.seed'), value: String(recipe.seed ?? 0) },
    { title: t('recipe.loudness'), value: typeof lufs === 'number' ? loudness(lufs) : t('loudness.asIs') },
    recipe.finish && { title: t('recipe.finish'), value: finishText(recipe.finish) },
    { title: t('recipe.format'), value: t(`format.${recipe.format ?? 'int24'}`) },
    recipe.models[0]?.licence && { title: t('recipe.licence'), value: recipe.models[0].licence },
  ]
  return lines.filter((line): line is Line => Boolean(line))
}

/** What was asked for in words. */
function wordsLines(source: WordsSource): (Line | false | '' | null | undefined)[] {
  const isMixed = source.prompts.length > 1
  return [
    ...source.prompts.map(({ text, weight }) => ({ title: t('recipe.prompt'), value: isMixed ? t('recipe.promptWeight', { text, weight: number(weight ?? 1) }) : text })),
    ...(source.sections ?? []).map(({ prompts, secs }, i) => ({ title: t('recipe.section', { number: i + 2 }), value: `${prompts.map(({ text }) => text).join(', ')} (${length(secs)})` })),
    ...(source.parts ?? []).map(({ name, prompt }) => ({ title: t('recipe.part', { name }), value: prompt })),
    source.tempo && {
      title: t('recipe.tempo'),
      value: source.tempo.end_bpm ? t('recipe.bpmTo', { bpm: number(source.tempo.bpm), end: number(source.tempo.end_bpm) }) : t('recipe.bpm', { bpm: number(source.tempo.bpm) }),
    },
    source.key && { title: t('recipe.key'), value: source.key },
    source.negative && { title: t('recipe.negative'), value: source.negative },
    typeof source.steps === 'number' && { title: t('recipe.steps'), value: String(source.steps) },
    typeof source.guidance === 'number' && { title: t('recipe.guidance'), value: number(source.guidance) },
    source.begin && { title: t('recipe.begin'), value: `${placeOf(source.begin.sound)}: ${t(`words.how.${source.begin.how}`)}` },
    ...(source.adapters ?? []).map(({ adapter, weight }) => ({ title: t('recipe.adapter'), value: t('recipe.promptWeight', { text: nameOf(adapter), weight: number(weight ?? 1) }) })),
    source.in_8_bits && { title: t('recipe.small'), value: t('recipe.smallValue') },
  ]
}

/** What was blended, and how. */
function blendLines({ sounds, way, grain_secs: grain, scatter_secs: scatter, rhythm }: BlendSource): (Line | false)[] {
  const weights = sounds.map(({ weight }) => weight ?? 1)
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  const value = sounds.flatMap(({ sound }, i) => {
    const name = placeOf(sound)
    const weight = weights[i] ?? 1
    // It is named for its rhythm alone.
    if (weight === 0 && i === rhythm) return []
    if (way === 'layers') return t('recipe.blendGain', { sound: name, gain: weight > 0 ? level(20 * Math.log10(weight)) : level(-120) })
    return t('recipe.blendShare', { sound: name, share: `${number(all > 0 ? (100 * weight) / all : 0)}%` })
  })
  const inTime = typeof rhythm === 'number' ? sounds[rhythm] : undefined
  return [
    { title: t('recipe.blend'), value: value.join(', ') },
    (way ?? 'grains') === 'grains' && { title: t('recipe.grains'), value: scatter ? t('recipe.grainsValue', { length: length(grain ?? 0.12), scatter: length(scatter) }) : length(grain ?? 0.12) },
    inTime !== undefined && { title: t('recipe.rhythm'), value: placeOf(inTime.sound) },
  ]
}

const finishText = ({ trims_silence: isTrimmed, fade_in_secs: fadeIn = 0, fade_out_secs: fadeOut = 0, loop_secs: loop = 0 }: Finish): string =>
  [isTrimmed && t('finish.trimmed'), (fadeIn > 0 || fadeOut > 0) && t('finish.faded', { in: number(fadeIn), out: number(fadeOut) }), loop > 0 && t('finish.looped', { secs: number(loop) })].filter(Boolean).join(', ')

/** A control of a recipe: by its key, or by direction and key as in `z3.bias`. */
function controlLine(key: string, value: number, controls: readonly SessionControl[], directions: readonly SessionControl[]): Line {
  const [, direction, part] = /^z(\d+)\.(\w+)$/.exec(key) ?? []
  const row = direction ? directions.find((one) => one.key === part) : controls.find((one) => one.key === key)
  const title = direction ? t('recipe.direction', { number: direction, title: row?.title ?? part ?? '' }) : (row?.title ?? key)
  return { title, value: withUnit(value, row) }
}

/** The value of a control with its unit; a share as a percentage. */
export function withUnit(value: number, row: Pick<SessionControl, 'least' | 'most' | 'unit'> | undefined): string {
  if (!row || row.unit) return [signed(value), row?.unit].filter(Boolean).join('\u202f')
  return row.least === 0 && row.most === 1 ? percent(value) : signed(value)
}

const signed = (value: number): string => number(value).replace('-', '−')

/** `−14.2 LUFS` */
export const loudness = (lufs: number): string => `${lufs.toFixed(1).replace('-', '−')}\u202fLUFS`

/** A short name for the seed of a sound: long ones keep their last digits. */
export const shortSeed = (seed: number): string => (seed < 1e6 ? String(seed) : `…${String(seed).slice(-5)}`)

/** The form that changes a recipe: sounds through a model have one, words another. */
export type DeskName = 'style' | 'words' | 'blend' | 'generate'
export const deskOf = ({ source }: Recipe): DeskName => (source.from === 'sound' ? 'style' : source.from === 'words' || source.from === 'blend' ? source.from : 'generate')

/** The page that opens a recipe in the place where it is changed. */
export const formHref = (recipe: Recipe, from: string): string => `/create/${deskOf(recipe)}?recipe=${encodeURIComponent(from)}`
