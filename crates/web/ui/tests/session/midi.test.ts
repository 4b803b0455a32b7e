// MIDI: what messages mean, tempo, what knobs and notes move, and instruments that were kept.

import { describe, expect, test } from 'vitest'

import { playing } from '../../src/pages/session/from-recipe'
import { History } from '../../src/pages/session/history'
import { instrumentPatch, patchOf } from '../../src/pages/session/instrument-patch'
import { Mappings } from '../../src/pages/session/midi/mappings.svelte'
import { Clock, eventOf, noteName } from '../../src/pages/session/midi/messages'
import { noteOfKey, Notes } from '../../src/pages/session/midi/notes.svelte'
import type { LiveSession } from '../../src/pages/session/session.svelte'
import { problemFrom } from '../../src/pages/session/transport/microphone.svelte'

/** Where the controls of a session stand, without a session. */
function desk() {
  const values: Record<string, number> = { encoder: 1 }
  const session = {
    hello: { n_directions: 4 },
    has: (key: string) => key !== 'gone',
    control: () => ({ least: -4, most: 4 }),
    value: (key: string) => values[key] ?? 0,
    set: (moves: Record<string, number>) => Object.assign(values, moves),
    undoable: true,
  }
  return { values, session: session as unknown as LiveSession }
}

describe('messages', () => {
  test.each([
    [[0x91, 60, 127], { is: 'note', channel: 1, note: 60, velocity: 1 }],
    [[0x91, 60, 0], { is: 'release', channel: 1, note: 60 }],
    [[0x80, 61, 64], { is: 'release', channel: 0, note: 61 }],
    [[0xb2, 7, 127], { is: 'knob', knob: { kind: 'controller', channel: 2, number: 7 }, share: 1 }],
    [[0xe0, 0, 64], { is: 'knob', knob: { kind: 'wheel', channel: 0, number: 0 }, share: 0.5 }],
    [[0xe0, 127, 127], { is: 'knob', knob: { kind: 'wheel', channel: 0, number: 0 }, share: 1 }],
    [[0xb0, 123, 0], { is: 'silence' }],
    [[0xf8], { is: 'tick' }],
    [[0xfa], { is: 'start' }],
    [[0xfc], { is: 'stop' }],
    [[0xd0, 5], undefined],
    [[0xf0, 1, 2, 0xf7], undefined],
    [[0x90, 60], undefined],
    [[], undefined],
  ])('%j', (bytes, expected) => expect(eventOf(Uint8Array.from(bytes))).toEqual(expected))

  test('a clock has a tempo after a beat, and a new one after a pause', () => {
    const clock = new Clock()
    let tempo: number | undefined
    for (let i = 0; i <= 30; i++) tempo = clock.tick(i * (60_000 / (24 * 120)))
    expect(tempo).toBeCloseTo(120)
    expect(clock.tick(5000)).toBeUndefined()
    for (let i = 1; i <= 30; i++) tempo = clock.tick(5000 + i * (60_000 / (24 * 90)))
    expect(tempo).toBeCloseTo(90)
  })

  test('notes have names', () => expect([60, 21, 127].map(noteName)).toEqual(['C4', 'A0', 'G9']))
})

describe('knobs', () => {
  const knob = { kind: 'controller', channel: 0, number: 7 } as const

  test('the knob that moves next is learnt, and moves the control from end to end', () => {
    const { values, session } = desk()
    const mappings = new Mappings(session)
    mappings.moved(knob, 0.5)
    expect(values).toEqual({ encoder: 1 })
    mappings.learn('z1.value')
    mappings.moved(knob, 0.75)
    expect(mappings.learning).toBeUndefined()
    expect(values['z1.value']).toBe(2)
    mappings.change(mappings.list[0]!, { least: 1, most: 0 })
    mappings.moved(knob, 0.25)
    expect(values['z1.value']).toBe(0.75)
    mappings.forget(mappings.list[0]!)
    mappings.moved(knob, 1)
    expect(values['z1.value']).toBe(0.75)
  })

  test('a control that another model does not have moves nothing', () => {
    const { values, session } = desk()
    const mappings = new Mappings(session)
    mappings.list = [{ knob, key: 'gone', least: 0, most: 1 }]
    mappings.moved(knob, 1)
    expect(values).toEqual({ encoder: 1 })
  })
})

describe('notes', () => {
  const noFavourites = { all: [] }
  const explorer = { goTo: () => undefined }
  const notesOf = (session: LiveSession) => new Notes(session, explorer as never, noFavourites as never)

  test('transpose the sound while they are held; the one before sounds again', () => {
    const { values, session } = desk()
    const notes = notesOf(session)
    notes.press(67)
    expect(values).toMatchObject({ transpose: 7, file: 1 })
    notes.press(72)
    notes.release(72)
    expect(values).toMatchObject({ transpose: 7, file: 1 })
    notes.release(67)
    expect(values.file).toBe(0)
  })

  test('move along a direction, and let an input that is silent have no part', () => {
    const { values, session } = desk()
    const notes = notesOf(session)
    notes.mode = 'direction'
    notes.direction = 2
    notes.press(66)
    expect(values).toMatchObject({ 'z3.value': 1.5, manual: 1, encoder: 0 })
  })

  test('jump between favourites, round and round', () => {
    const { session } = desk()
    const been: unknown[] = []
    const notes = new Notes(session, { goTo: (point: unknown) => been.push(point) } as never, { all: [{ body: { point: [1] } }, { body: { point: [2, 3] } }] } as never)
    notes.mode = 'favourites'
    for (const note of [60, 61, 62, 59]) notes.press(note)
    expect(been).toEqual([[1, 0, 0, 0], [2, 3, 0, 0], [1, 0, 0, 0], [2, 3, 0, 0]])
  })

  test('without favourites nothing happens', () => {
    const notes = notesOf(desk().session)
    notes.mode = 'favourites'
    expect(() => notes.press(60)).not.toThrow()
  })

  test('the lower row of letters is a piano', () => {
    expect(['KeyZ', 'KeyS', 'KeyX', 'KeyM', 'KeyA'].map((code) => noteOfKey(code, 60))).toEqual([60, 61, 62, 71, undefined])
  })
})

describe('instruments', () => {
  const whole = instrumentPatch({
    controls: { wet: 0.5 },
    asked: { prior: 'p' },
    mappings: [{ knob: { kind: 'wheel', channel: 0, number: 0 }, key: 'wet', least: 0, most: 1 }],
    notes: { mode: 'direction', direction: 3, isGated: false },
    buffer: 4096,
  })

  test('come back as they were', () => expect(patchOf(JSON.parse(JSON.stringify(whole)))).toEqual(whole))

  test.each([null, 7, [], {}, { format: 2 }, { format: 'x' }])('%j is none', (body) => expect(patchOf(body)).toBeUndefined())

  test('what is not of its kind is left out', () => {
    const patch = patchOf({ format: 1, controls: { wet: 'x', gain: 3 }, mappings: [{ knob: 1 }, 5], notes: { mode: 'dance' }, asked: 3 })
    expect(patch).toEqual({ format: 1, controls: { gain: 3 }, asked: {}, mappings: [], notes: { mode: 'transpose', direction: 0, isGated: true }, buffer: 2048 })
  })
})

test('moves of one gesture are undone together, and done again', () => {
  const history = new History()
  history.note([[1, 0, 0.1]], 0)
  history.note([[1, 0.1, 0.2]], 100)
  history.note([[2, 5, 6]], 200)
  history.note([[1, 0.2, 0.9]], 5000)
  expect([...(history.undo() ?? [])]).toEqual([[1, 0.2]])
  expect([...(history.undo() ?? [])]).toEqual([[2, 5]])
  expect([...(history.undo() ?? [])]).toEqual([[1, 0]])
  expect(history.undo()).toBeUndefined()
  expect([...(history.redo() ?? [])]).toEqual([[1, 0.2]])
  history.note([[3, 0, 1]], 9000)
  expect(history.canRedo).toBe(false)
})

test.each([
  ['NotAllowedError', 'refused'],
  ['NotFoundError', 'none'],
  ['OverconstrainedError', 'gone'],
  ['NotReadableError', 'busy'],
])('%s of a microphone is said as %s', (name, problem) => expect(problemFrom(Object.assign(new Error(), { name }))).toBe(problem))

describe('a recipe as an instrument', () => {
  const recipe = (source: unknown, secs?: number) => playing({ models: [], source, controls: { gain: -3 }, secs } as never)

  test('a path lasts as long as the recipe says', () => {
    const { controls, asked } = recipe({ from: 'path', points: [[1], [2], [3]], is_closed: true }, 12)
    expect(controls).toEqual({ gain: -3, encoder: 0, path: 1 })
    expect(asked.path).toEqual({ command: { do: 'path', points: [[1], [2], [3]], way: 'linear', is_closed: true, secs: 4 }, secs: 12 })
  })
  test.each([
    [{ from: 'walk', speed_hz: 2, range: 1.5 }, { encoder: 0, walk: 1, walk_speed: 2, walk_range: 1.5 }],
    [{ from: 'prior', prior: { place: { from: 'library', id: 'p' } } }, { encoder: 0, prior: 1 }],
    [{ from: 'sound', sound: { in: 'library', id: 's' } }, { file: 1 }],
    [{ from: 'performance', input: 'a', moves: 'b' }, {}],
  ])('%j', (source, controls) => expect(recipe(source).controls).toEqual({ gain: -3, ...controls }))
})
