// Choices of an export: in the address, in an order, and in words.

import { expect, test } from 'vitest'

import type { ExportForm, ModelFacts } from '$lib/api'
import { type Choices, choicesFrom, choicesOf, queryOf, TARGETS, taskOf, wizardHref } from '../src/pages/exports/choices'

import { closedTo, fitting, nLatents, type Source, sourceOfFile, stemOf, whyAll, wrongLatents } from '../src/pages/exports/source'
import { decidedBy, madeWords, quickFor } from '../src/pages/exports/words'

const model = { from: 'library', id: 'notes-1' } as const
const from = (query: string): Choices => choicesFrom(new URLSearchParams(query))
const facts: ModelFacts = {
  n_parameters: 1,
  phase: 1,
  exports: [...TARGETS],
  codec: {
    rate_hz: 44_100,
    channels: 1,
    latent_size: 16,
    regularization: 'variational',
    ratio: 256,
    latent_rate_hz: 172,
    compression: 16,
    receptive_field: { back_samples: 1, ahead_samples: 1 },
    latency_samples: 441,
  },
  latent_use: { n_active: 9, for_fidelity: [{ share: 0.9, n_latents: 5 }, { share: 0.95, n_latents: 8 }] },
}
type CodecFacts = NonNullable<ModelFacts['codec']>

/** The facts of a codec that is otherwise. */
const otherwise = (part: Partial<CodecFacts>): ModelFacts => ({ ...facts, codec: { ...(facts.codec as CodecFacts), ...part } })
const source: Source = { name: 'My notes (best)', rateHz: 44_100, facts }

/** What an address asks for. */
const checkForm = (query: string, expected: ExportForm) => expect(taskOf(from(`model=notes-1&${query}`))).toEqual({ model, form: expected })

const usual = { latents: null, fidelity: null, channels: null, rate_hz: null, block: 2048 }

test('an address becomes an order', () => {
  checkForm('', { to: 'torchscript', play: { streaming: true, ...usual } })
  checkForm('to=onnx', { to: 'onnx', play: { streaming: false, ...usual } })
  checkForm('to=onnx&streaming=on&block=256', { to: 'onnx', play: { ...usual, streaming: true, block: 256 } })
  checkForm('fidelity=0.95&streaming=off', { to: 'torchscript', play: { ...usual, streaming: false, fidelity: 0.95 } })
  checkForm('latents=8&channels=2&rate_hz=88200', { to: 'torchscript', play: { ...usual, streaming: true, latents: 8, channels: 2, rate_hz: 88_200 } })
  checkForm('to=safetensors&latents=8', { to: 'safetensors' })
  checkForm('to=ckpt', { to: 'ckpt' })
  checkForm('to=maq&author=+Ada+&license=CC0+1.0', { to: 'maq', card: { author: 'Ada', license: 'CC0 1.0', about: '' } })
})

test('an address that makes no sense is as usual', () => {
  checkForm('to=tape&channels=x&rate_hz=-1&block=0.5&fidelity=7', { to: 'torchscript', play: { streaming: true, ...usual } })
})

test('a prior leaves with a module and with a package, and with nothing else', () => {
  const prior = { from: 'library', id: 'goes-on-1' } as const
  for (const to of TARGETS) {
    const task = taskOf(from(`model=notes-1&prior=goes-on-1&to=${to}`))
    expect(task?.prior).toEqual(to === 'torchscript' || to === 'maq' ? prior : undefined)
    if (task?.prior) expect(wizardHref(task)).toContain('prior=goes-on-1')
  }
})

test('without a model there is nothing to order', () => {
  expect(taskOf(from('to=onnx'))).toBeUndefined()
})

test('every choice goes into the address and comes back', () => {
  const queries = ['fidelity=0.9&channels=2', 'latents=3&rate_hz=88200', 'streaming=off&block=64', 'author=Ada&license=CC0&about=bells']
  for (const to of TARGETS)
    for (const query of [...queries, 'file=/a b/model.ckpt']) {
      const choices = from(`${query.startsWith('file') ? '' : 'model=notes-1&'}to=${to}&${query}`)
      const said = Object.entries(queryOf(choices)).filter(([, value]) => value !== null) as [string, string][]
      expect(choicesFrom(new URLSearchParams(said))).toEqual(choices)
    }
})

test('a number that is not typed yet stays a choice', () => {
  const choices = from('model=notes-1&latents=')
  expect(choices.latents).toEqual({ keep: 'number', n: Number.NaN })
  expect(queryOf(choices).latents).toBe('')
  expect(wrongLatents(choices.latents, source)).toBe('Enter a whole number.')
})

test('what was ordered leads back to the same choices', () => {
  const form: ExportForm = { to: 'torchscript', play: { streaming: false, latents: 4, channels: 2, rate_hz: 88_200, block: 512 } }
  const href = wizardHref({ model, form })
  expect(href).toBe('/export?model=notes-1&to=torchscript&streaming=off&latents=4&channels=2&rate_hz=88200&block=512')
  expect(from(href.split('?')[1] ?? '')).toEqual(choicesOf({ model, form }))
  expect(wizardHref({ model: { from: 'file', path: '/a b.ckpt' }, form: { to: 'maq', card: { license: 'CC0' } } })).toBe('/export?file=%2Fa+b.ckpt&to=maq&license=CC0')
})

test('a model follows only the choices that it can', () => {
  const wanted = from('model=notes-1&fidelity=0.95&channels=2&rate_hz=88200')
  expect(fitting(wanted, source)).toEqual(wanted)
  const stereo = fitting(wanted, { ...source, rateHz: 48_000, facts: otherwise({ channels: 2, regularization: 'discrete' }) })
  expect(stereo).toMatchObject({ latents: { keep: 'all' }, channels: undefined, rateHz: undefined, streaming: true })
  expect(fitting(wanted, sourceOfFile('/old/model.ckpt'))).toEqual(wanted)
})

test('what the studio would refuse is not offered', () => {
  const mel = { ...source, isClosedToOriginal: true, facts: { ...facts, exports: TARGETS.filter((target) => target !== 'ckpt') } }
  expect(closedTo(mel)).toMatchObject({ targets: ['ckpt'], why: expect.stringContaining('mel') })
  expect(fitting(from('model=notes-1&to=ckpt'), mel).to).toBe('maq')
  expect(closedTo(source).targets).toEqual([])
  const soundless: Source = { name: 'Curve', facts: { n_parameters: 4, phase: 1, exports: ['safetensors', 'maq'] } }
  expect(closedTo(soundless).targets).toEqual(['torchscript', 'onnx', 'ckpt'])
  expect(fitting(from('model=notes-1'), soundless).to).toBe('maq')
  const rate = (query: string) => fitting(from(`model=notes-1&${query}`), source).rateHz
  expect(rate('rate_hz=132300')).toBe(132_300)
  expect(rate('rate_hz=220500')).toBeUndefined()
  expect(rate('rate_hz=88200&streaming=off')).toBeUndefined()
  expect(sourceOfFile('/old/strings.ckpt').name).toBe('strings')
})

test('fewer latents need a variational model whose latents were measured', () => {
  const { latent_use: _, ...unmeasured } = facts
  expect(whyAll(source)).toBeUndefined()
  expect(whyAll(sourceOfFile('/old/model.ckpt'))).toBeUndefined()
  expect(whyAll({ ...source, facts: otherwise({ regularization: 'spherical' }) })).toContain('spherical')
  expect(whyAll({ ...source, facts: unmeasured })).toContain('measured')
})

test('how many latents a choice comes to', () => {
  expect(nLatents({ keep: 'all' }, source)).toBe(16)
  expect(nLatents({ keep: 'fidelity', share: 0.95 }, source)).toBe(8)
  expect(nLatents({ keep: 'fidelity', share: 0.97 }, source)).toBeUndefined()
  expect(wrongLatents({ keep: 'number', n: 17 }, source)).toBe('Enter a number from 1 to 16.')
  expect(wrongLatents({ keep: 'number', n: 16 }, source)).toBeUndefined()
})

test.each([
  ['Violin, a1 (best)', 'Violin_a1_best'],
  ['../../etc/passwd', 'etc_passwd'],
  ['drums-2', 'drums-2'],
  ['звук', 'model'],
  ['', 'model'],
])('%s is a name of files as %s', (name, expected) => {
  expect(stemOf(name)).toBe(expected)
})

const NARROW = '\u202f'
test.each([
  ['fidelity=0.95', `My_notes_best.ts, streaming, 44.1${NARROW}kHz mono, 8 of 16 latent variables`],
  ['channels=2&rate_hz=88200', `My_notes_best.ts, streaming, 88.2${NARROW}kHz stereo, all 16 latent variables`],
  ['to=onnx&fidelity=0.97', `My_notes_best.onnx with encoder and decoder, whole sounds, 44.1${NARROW}kHz mono, latent variables for 97% fidelity`],
  ['to=maq&author=Ada&license=CC0', 'My_notes_best.maq, by Ada, CC0'],
  ['to=safetensors&latents=2', 'My_notes_best.safetensors'],
  ['to=ckpt', 'My_notes_best, a folder with config.gin and a checkpoint'],
])('%s in words', (query, expected) => {
  expect(madeWords(from(`model=notes-1&${query}`), source)).toBe(expected)
})

test('what is decided is said with its reason', () => {
  const words = (query: string) => decidedBy(from(query), source).map(({ name, value }) => `${name}: ${value}`)
  expect(words('')).toEqual(['Format: TorchScript (.ts)', 'Playback: Live, block by block', `Sample rate: 44.1${NARROW}kHz`, 'Channels: mono', 'Latent variables: all 16 latent variables'])
  expect(words('to=ckpt')[1]).toBe(`Sound: 44.1${NARROW}kHz mono, 16 latent variables`)
  expect(decidedBy(from(''), source)[1]?.why).toContain('Latency: 10 ms')
})

test('only what plays has ready-made choices', () => {
  expect(TARGETS.filter((to) => quickFor(to).length > 0)).toEqual(['torchscript', 'onnx'])
})
