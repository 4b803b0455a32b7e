// Flows: their picture, what is edited, what they are given, and what a step of a run allows.

import { readdirSync, readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import type { FlowPlan, FlowRun, FlowStepRun, FlowWork } from '../src/lib/api'
import { emptyPlan, moved, movedBy, withInput, without, withStep } from '../src/pages/flows/editing'
import { filled } from '../src/pages/flows/fill'
import { boxAfter, pictureOf, share } from '../src/pages/flows/graph'
import { givenOf, inputsOf, lacking, wrongInput } from '../src/pages/flows/inputs'
import { shortened } from '../src/lib/shortened'
import { aboutOf, firstShown, givenTo, inOrder, nOver, sayable, standOf } from '../src/pages/flows/runs'
import { FIELDS, fieldsOf, freshKey, isKey, keysIn, KINDS, labelsOf, linesOf, numberOf, otherwiseText, renamed, withField, workOf } from '../src/pages/flows/work'

const plan: FlowPlan = {
  format: 1,
  name: 'Bed',
  inputs: [
    { key: 'voice', label: 'Voice', kind: 'sound' },
    { key: 'words', label: 'Words', kind: 'words', usual: 'soft pad' },
    { key: 'secs', label: 'Length', kind: 'number' },
  ],
  steps: [
    { key: 'listen', label: 'Listen', work: { do: 'analyse', sounds: ['voice'] }, if_fails: 'wait' },
    {
      key: 'bed',
      label: 'Make the bed',
      work: { do: 'generate', prompt: '{words}, in {listen.key|C major}', secs: '{listen.secs}', count: 1, begin: { from: 'voice', how: 'vary', strength: 0.5 } },
      otherwise: [{ try: 'another_model' }, { try: 'instead', work: { do: 'blend', sounds: ['voice'], rhythm: 'voice', way: 'grains' } }],
    },
    { key: 'keep', label: 'Keep', work: { do: 'keep', sounds: ['bed'], name: '{listen.key}' }, after: ['listen'] },
  ],
}
const check = { columns: [['listen'], ['bed'], ['keep']], uses: { listen: ['voice'], bed: ['listen', 'voice', 'words'], keep: ['bed', 'listen'] } }

describe('the picture', () => {
  test('inputs stand first, each step right of all that it uses', () => {
    const { boxes, lines, width, height } = pictureOf(plan, check)
    const at = (key: string) => boxes.find((box) => box.key === key)!
    expect(boxes.filter(({ isInput }) => isInput).map(({ key, column }) => [key, column])).toEqual([['voice', 0], ['words', 0], ['secs', 0]])
    for (const { from, to } of lines) expect(at(from).x).toBeLessThan(at(to).x)
    expect(lines).toHaveLength(6)
    expect(Math.max(...boxes.map(({ x }) => x))).toBeLessThan(width)
    expect(Math.max(...boxes.map(({ y }) => y))).toBeLessThan(height)
  })

  test('no box lies on another, also where steps wait for each other', () => {
    const { boxes } = pictureOf(plan, { columns: [['listen']], uses: { bed: ['keep'], keep: ['bed'] } })
    expect(new Set(boxes.map(({ x, y }) => `${x} ${y}`)).size).toBe(6)
    expect(boxes.find(({ key }) => key === 'bed')?.column).toBe(2)
    expect(pictureOf(emptyPlan('x'), { columns: [], uses: {} })).toEqual({ boxes: [], lines: [], width: 0, height: 0 })
  })

  test('places are shares of the whole, so that it shrinks', () => {
    expect([share(1, 4), share(0, 0)]).toEqual(['25%', '0%'])
  })

  test('arrow keys go to the box beside, above and below', () => {
    const { boxes } = pictureOf(plan, check)
    const to = (key: string, arrow: string) => boxAfter(boxes, key, arrow)?.key
    expect(to('voice', 'ArrowDown')).toBe('words')
    expect(to('words', 'ArrowUp')).toBe('voice')
    expect(to('words', 'ArrowRight')).toBe('listen')
    expect(to('listen', 'ArrowRight')).toBe('bed')
    expect(to('keep', 'ArrowRight')).toBeUndefined()
    expect(to('bed', 'Home')).toBe('voice')
    expect(to('bed', 'End')).toBe('keep')
    expect(to('bed', 'a')).toBeUndefined()
  })
})

describe('work', () => {
  test('every kind has fields that an empty one has or may lack', () => {
    for (const kind of KINDS) {
      const fields = fieldsOf(workOf(kind))
      for (const { name, isOptional, is } of FIELDS[kind]) if (!isOptional && is !== 'model') expect(fields, `${kind}.${name}`).toHaveProperty(name)
    }
  })

  test('another kind keeps what has the same name', () => {
    const before: FlowWork = { do: 'generate', prompt: 'rain', secs: '{listen.secs}', count: 3 }
    expect(workOf('blend', before)).toMatchObject({ do: 'blend', sounds: [], secs: '{listen.secs}', count: 3 })
    expect(workOf('blend', before)).not.toHaveProperty('prompt')
    expect(withField(before, 'secs', undefined)).not.toHaveProperty('secs')
  })

  test('keys and numbers are read as the studio reads them', () => {
    expect(keysIn('{words}, in {listen.key|C major}, {a_1 |}')).toEqual(['words', 'listen', 'a_1'])
    expect([isKey('bed_2'), isKey('Bed'), isKey('2'), isKey('')]).toEqual([true, false, false, false])
    expect(freshKey('bed', ['bed', 'bed_2'])).toBe('bed_3')
    expect([numberOf(' 4,5 '), numberOf('{listen.secs|10}'), numberOf(' ')]).toEqual([4.5, '{listen.secs|10}', undefined])
  })

  test('a new key is used wherever the old one was', () => {
    const after = renamed(renamed(plan, 'listen', 'heard'), 'voice', 'song')
    const text = JSON.stringify(after)
    expect(text).not.toMatch(/listen\b(?!")|"listen"|"voice"/)
    expect(after.steps[1]?.work).toMatchObject({ prompt: '{words}, in {heard.key|C major}', secs: '{heard.secs}', begin: { from: 'song' } })
    expect(after.steps[1]?.otherwise?.[1]).toMatchObject({ work: { sounds: ['song'], rhythm: 'song' } })
    expect(after.steps[2]).toMatchObject({ after: ['heard'], work: { name: '{heard.key}' } })
    expect(renamed(plan, 'list', 'x')).toEqual(plan)
  })

  test('it is said in words, with the names of steps', () => {
    const lines = linesOf(plan.steps[1]!.work, labelsOf(plan))
    expect(lines.map(({ value }) => value)).toEqual(['{words}, in {listen.key|C major}', '{listen.secs}', '1', 'Voice, varies it, 0.5'])
    expect(plan.steps[1]?.otherwise?.map(otherwiseText)).toEqual(['The same with another model', 'Something else: Blend sounds'])
  })
})

describe('what is known', () => {
  const run = {
    plan,
    inputs: { voice: { in: 'file', path: '/a.wav' }, words: 'soft, warm' },
    steps: [{ key: 'listen', state: 'done' as const, knows: { patterns: [], sounds: [], notes: [], facts: { key: 'A minor', tempo_bpm: 91.987, odd: [1] } } }],
  }

  // As in `studio/src/library/flows/fill.rs`.
  test.each([
    ['{words}, in {listen.key}, {listen.tempo_bpm} BPM', 'soft, warm, in A minor, 91.99 BPM'],
    ['{listen.secs|10}', '10'],
    ['{ listen.secs | 10}', '10'],
    ['{listen.words|}, piano', 'piano'],
    ['{listen.secs}', '{listen.secs}'],
    ['{voice}', '{voice}'],
    ['{nothing.key|C}', 'C'],
    ['a { b', 'a { b'],
  ])('«%s» becomes «%s»', (text, known) => {
    expect(filled(text, run)).toBe(known)
  })

  test('what is usual is known where nothing was given, also where it is nothing', () => {
    const of = (inputs: Record<string, unknown>) => filled('{words}, bells', { ...run, inputs })
    expect([of({}), of({ words: '' })]).toEqual(['soft pad, bells', 'bells'])
  })

  test('what was tried is said with it, numbers as they were', () => {
    const lines = linesOf({ do: 'generate', prompt: '{words}, in {listen.key}', secs: 1000, count: 1 }, labelsOf(plan), undefined, (text) => filled(text, run))
    expect(lines.map(({ value }) => value)).toEqual(['soft, warm, in A minor', '1,000', '1'])
  })
})

test.each([
  ['short.wav', 'short.wav'],
  ['loop_tabla.flac at 2.0 s', 'loop_tabla.flac at 2.0 s'],
  ['Blend of loop_tabla.flac at 2.0 s (3)', 'Blend of lo…at 2.0 s (3)'],
])('«%s» is shortened to «%s»', (name, short) => {
  expect(shortened(name, 24)).toBe(short)
})

describe('editing', () => {
  test('what is added has a key of its own and works on what is before it', () => {
    const first = withInput(emptyPlan('x'), 'sound', 'A sound')
    const second = withStep(first.plan, 'blend', 'Blend')
    const third = withStep(second.plan, 'blend', 'Blend')
    expect([first.key, second.key, third.key]).toEqual(['sound', 'blend', 'blend_2'])
    expect(third.plan.steps.map(({ work }) => fieldsOf(work).sounds)).toEqual([['sound'], ['blend']])
    expect(withStep(first.plan, 'describe', 'x').plan.steps[0]?.work).not.toHaveProperty('sounds')
  })

  test('steps move and go', () => {
    expect(moved(plan, 'keep', -1).steps.map(({ key }) => key)).toEqual(['listen', 'keep', 'bed'])
    expect(moved(plan, 'words', 1).inputs?.map(({ key }) => key)).toEqual(['voice', 'secs', 'words'])
    expect(moved(plan, 'listen', -1)).toEqual(plan)
    expect(movedBy([1, 2, 3], 0, 5)).toEqual([2, 3, 1])
    expect(without(plan, 'bed').steps.map(({ key }) => key)).toEqual(['listen', 'keep'])
    expect(without(plan, 'voice').inputs).toHaveLength(2)
  })
})

describe('inputs', () => {
  const voice = { place: { in: 'file' as const, path: '/a.wav' }, name: 'a.wav' }

  test('what is usual is there at first, and what is missing is said', () => {
    const given = givenOf(plan)
    expect(given).toEqual({ voice: undefined, words: 'soft pad', secs: '' })
    expect(lacking(plan, given)?.key).toBe('voice')
    expect(lacking(plan, { ...given, voice })?.key).toBe('secs')
    expect(lacking(plan, { ...given, voice, secs: '4' })).toBeUndefined()
    expect(wrongInput(plan.inputs![2]!, 'four')).toBe('number')
    expect(wrongInput(plan.inputs![1]!, '')).toBeUndefined()
  })

  test('they are sent as places, texts and numbers', () => {
    expect(inputsOf(plan, { voice, words: ' bright ', secs: '2,5' })).toEqual({ voice: voice.place, words: 'bright', secs: 2.5 })
    expect(inputsOf(plan, { voice, words: '', secs: '' })).toEqual({ voice: voice.place, words: '' })
    expect(givenOf(plan, { voice: voice.place, secs: 3 }, () => 'a.wav')).toEqual({ voice, words: 'soft pad', secs: '3' })
  })
})

describe('runs', () => {
  const step = (key: string, state: FlowStepRun['state'], choices: FlowStepRun['choices'] = []): FlowStepRun => ({ key, state, choices })
  const run = (id: string, state: FlowRun['state'], created_ms: number, steps: FlowStepRun[] = []): FlowRun => ({ format: 1, id, plan, inputs: {}, project: 'default', created_ms, state, steps, seed: 0 })

  test('those that wait for the person come first, then the newest', () => {
    expect(inOrder([run('a', 'done', 1), run('b', 'running', 3), run('c', 'waiting', 2)]).map(({ id }) => id)).toEqual(['c', 'b', 'a'])
  })

  test('the step that asks is looked at first', () => {
    const steps = [step('listen', 'done'), step('bed', 'running'), step('keep', 'waiting')]
    expect(nOver({ steps })).toBe(1)
    expect(firstShown({ steps })).toBe('bed')
    expect(firstShown({ steps: [...steps, step('choose', 'asking')] })).toBe('choose')
    expect(firstShown({ steps: [step('listen', 'done'), step('bed', 'skipped')] })).toBe('bed')
    expect(firstShown({ steps: [step('listen', 'waiting')] })).toBe('listen')
  })

  test('what tells a run from others is what it was given, without what is usual', () => {
    const given = { plan, inputs: { voice: { in: 'file', path: '/takes/a_very_long_name_of_a_take_from_the_third_of_may_2.wav' }, words: 'soft pad', secs: 4 } }
    expect(aboutOf(given)).toBe('a_very_long_name_…third_of_may_2.wav, 4')
    expect(givenTo(given).map(({ label }) => label)).toEqual(['Voice', 'Words', 'Length'])
    expect(aboutOf({ plan, inputs: {} })).toBe('')
  })

  test('a step of a run that was stopped waits for nobody', () => {
    const stuck = step('a', 'stuck')
    expect([standOf({ state: 'stopped' }, stuck), standOf({ state: 'waiting' }, stuck), standOf({ state: 'stopped' }, step('a', 'done'))]).toEqual(['stopped', 'stuck', 'done'])
  })

  test('what can be said depends on where the step stands', () => {
    const sound = { place: { in: 'library' as const, id: 'x-1' }, name: 'X' }
    expect(sayable(step('a', 'asking', [sound]))).toEqual({ canChoose: true, canRetry: false, canSkip: true, canAgain: false })
    expect(sayable(step('a', 'stuck'))).toEqual({ canChoose: false, canRetry: true, canSkip: true, canAgain: false })
    expect(sayable(step('a', 'stuck', [sound])).canChoose).toBe(true)
    expect(sayable(step('a', 'done')).canAgain).toBe(true)
    expect(Object.values(sayable(step('a', 'running'))).some(Boolean)).toBe(false)
  })
})

const ready = new URL('../../../studio/src/library/flows/ready/', import.meta.url)
test.each(readdirSync(ready).filter((name) => name.endsWith('.json')))('%s has only fields that the editor knows', (name) => {
  const { steps } = JSON.parse(readFileSync(new URL(name, ready), 'utf8')) as FlowPlan
  const works = steps.flatMap(({ work, otherwise = [] }) => [work, ...otherwise.flatMap((other) => (other.try === 'instead' ? [other.work] : []))])
  for (const work of works) for (const field of Object.keys(work)) if (field !== 'do') expect(FIELDS[work.do].map((one) => one.name)).toContain(field)
})
