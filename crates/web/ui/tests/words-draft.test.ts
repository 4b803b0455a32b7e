import { describe, expect, it } from 'vitest'

import type { WordsModel, WordsDraft } from '../src/pages/create/words-draft'
import { emptyWords, howOf, isWordsModel, missingWords, waits, wordsDraftOf, wordsOrder } from '../src/pages/create/words-draft'

const model = (over: Partial<WordsModel['linked']> = {}, words: Partial<WordsModel['linked']['words']> = {}): WordsModel => ({
  format: 2,
  id: 'tiny-1',
  name: 'Tiny',
  created_ms: 1,
  family: 'musicgen',
  settings: {},
  bytes: 1,
  sha256: 'a',
  linked: {
    folder: '/weights/tiny',
    uses: ['words'],
    memory_bytes: 1,
    words: { rate_hz: 32_000, channels: 1, max_secs: 30, steps: null, guidance: 3, takes_negative: true, begins: ['continue'], takes_adapters: false, writes_codes: true, max_tokens: 256, ...words },
    ...over,
  },
})
const draft = (over: Partial<WordsDraft> = {}): WordsDraft => ({ ...emptyWords(), prompts: [{ text: ' rain ', weight: 1 }], ...over })

describe('the form of sounds from words', () => {
  it('says what is missing', () => {
    expect(missingWords(draft(), undefined)).toBe('model')
    expect(missingWords(emptyWords(), model())).toBe('prompt')
    expect(missingWords(draft(), model())).toBeUndefined()
    const licence = { name: 'cc-by-nc-4.0', file: 'README.md', must_be_accepted: true }
    expect(waits(model({ licence }))).toBe(true)
    expect(missingWords(draft(), model({ licence }))).toBe('licence')
    expect(missingWords(draft(), model({ licence, accepted_ms: 5 }))).toBeUndefined()
    expect(missingWords(draft({ shape: 'sections' }), model())).toBe('section')
    expect(missingWords(draft({ shape: 'parts' }), model())).toBe('part')
    expect(missingWords(draft({ shape: 'parts', parts: [] }), model())).toBe('part')
  })

  it('adds adapters where the model takes them, and keeps them with a recipe', () => {
    const adapters = [{ id: 'bells-1', name: 'Bells', weight: 0.5 }]
    const adaptersIn = (order: ReturnType<typeof wordsOrder>) => (order?.recipe.source.from === 'words' ? order.recipe.source.adapters : undefined)
    expect(adaptersIn(wordsOrder(draft({ adapters }), model()))).toEqual([])
    const order = wordsOrder(draft({ adapters }), model({}, { takes_adapters: true }))
    expect(adaptersIn(order)).toEqual([{ adapter: { place: { from: 'library', id: 'bells-1' }, name: 'Bells' }, weight: 0.5 }])
    expect(order && wordsDraftOf(order)?.adapters).toEqual(adapters)
  })

  it('asks only for what the model can do', () => {
    const start = { place: { in: 'library' as const, id: 'a-1' }, name: 'A' }
    const asked = draft({ negative: 'drums', steps: 40, start, how: 'fill' })
    const order = wordsOrder(asked, model({}, { takes_negative: false }))
    expect(order?.recipe.source).toMatchObject({ from: 'words', prompts: [{ text: 'rain', weight: 1 }], negative: null, steps: null, begin: { how: 'continue', gap_secs: null } })
    const other = wordsOrder(asked, model({}, { steps: { least: 1, usual: 8, most: 20 }, begins: ['vary', 'fill'] }))
    expect(other?.recipe.source).toMatchObject({ negative: 'drums', steps: 20, begin: { how: 'fill', gap_secs: [2, 4] } })
    expect(howOf(asked, model({}, { begins: [] }))).toBeUndefined()
    expect(wordsOrder(draft({ secs: 120 }), model())?.recipe.secs).toBe(30)
  })

  it('comes back from its own order', () => {
    const one = draft({
      shape: 'parts',
      parts: [{ name: 'Bass', prompt: 'upright bass', gainDb: -3 }],
      bpm: 120,
      endBpm: 90,
      key: 'A minor',
      guidance: 4,
      seed: 7,
      isSmall: true,
      prompts: [{ text: 'rain', weight: 1 }],
      finish: { trims_silence: true, loop_secs: 1, fade_in_secs: 0, fade_out_secs: 0 },
    })
    const order = wordsOrder(one, model())
    expect(order && wordsDraftOf(order)).toEqual(one)
    const two = draft({ shape: 'sections', sections: [{ text: 'storm', secs: 5 }], prompts: [{ text: 'rain', weight: 1 }] })
    const again = wordsOrder(two, model())
    expect(again && wordsDraftOf(again)).toEqual(two)
    expect(wordsDraftOf({ recipe: { models: [], source: { from: 'walk', speed_hz: 1, range: 1 } } })).toBeUndefined()
  })

  it('parts need no words in common', () => {
    const order = wordsOrder({ ...emptyWords(), shape: 'parts', parts: [{ name: 'Bass', prompt: 'bass', gainDb: 0 }] }, model())
    expect(order?.recipe.source).toMatchObject({ prompts: [], parts: [{ name: 'Bass', prompt: 'bass', gain_db: 0 }] })
  })

  it('knows models of others by what they can do', () => {
    expect(isWordsModel(model())).toBe(true)
    const { linked: _, ...own } = model()
    expect(isWordsModel(own)).toBe(false)
  })
})
