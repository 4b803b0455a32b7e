// An engine for Maquette: it makes a tone for every word of a prompt. `docs/engines.md` explains each step.
// Add it with `maquette engine add examples/engine`, then `maquette generate-text Tones --prompt "one two" --seconds 2 -o tones.wav`.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const RATE = 44_100
const [task, folder] = process.argv.slice(2)
if (task === 'hello') hello()
else if (task === 'work') await work(JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8')))

/** Says what this engine runs, and what may be asked of it. */
function hello() {
  const words = { rate_hz: RATE, channels: 1, max_secs: 60, steps: { least: 1, usual: 8, most: 64 }, guidance: 1, takes_negative: false, begins: ['vary'], writes_codes: false, max_tokens: 64 }
  const model = { id: 'tones', name: 'Tones', licence: { name: 'CC0-1.0', terms: 'Do what you like.' }, memory_bytes: 1e6, words }
  console.log(JSON.stringify({ protocol: 1, name: 'Tones', version: '1.0', models: [model] }))
}

/** Makes the sound of an order, and says how far it is. */
async function work(order) {
  const words = order.prompts.flatMap(({ text, share }) => text.split(/\s+/).filter(Boolean).map((word) => ({ word, share })))
  if (words.length === 0) return say({ event: 'failed', reason: 'There are no words.' })
  const sound = new Float32Array(Math.round(order.secs * RATE))
  const steps = order.steps ?? 8
  for (let step = 0; step < steps; step++) {
    if (existsSync(join(folder, 'control.jsonl'))) return
    say({ event: 'progress', done: step, of: steps })
    const from = Math.floor((step * sound.length) / steps)
    for (let i = from; i < Math.floor(((step + 1) * sound.length) / steps); i++) sound[i] = sampleAt(i, words, sound.length, order.seed)
    // What takes its time would be computed here.
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  if (order.begin) mix(sound, readFileSync(join(folder, order.begin.sound)), order.begin.strength)
  writeFileSync(join(folder, order.output), wav(sound))
  say({ event: 'finished' })
}

function say(event) {
  appendFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(event)}\n`)
}

function sampleAt(i, words, n, seed) {
  const { word, share } = words[Math.floor((i * words.length) / n)]
  const hash = [...word].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 997, Number(seed) % 997)
  return 0.3 * share * Math.sin((2 * Math.PI * 110 * 2 ** ((hash % 36) / 12) * i) / RATE)
}

/** Keeps so much of the sound that it began with: the floats after the head of its data. */
function mix(sound, file, strength) {
  const kept = new Float32Array(new Uint8Array(file.subarray(file.indexOf('data') + 8)).buffer)
  for (let i = 0; i < Math.min(sound.length, kept.length); i++) sound[i] = strength * sound[i] + (1 - strength) * kept[i]
}

/** A WAV file of 32-bit floats, one channel. */
function wav(sound) {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0), head.writeUInt32LE(36 + 4 * sound.length, 4), head.write('WAVEfmt ', 8), head.writeUInt32LE(16, 16)
  head.writeUInt16LE(3, 20), head.writeUInt16LE(1, 22), head.writeUInt32LE(RATE, 24), head.writeUInt32LE(4 * RATE, 28)
  head.writeUInt16LE(4, 32), head.writeUInt16LE(32, 34), head.write('data', 36), head.writeUInt32LE(4 * sound.length, 40)
  return Buffer.concat([head, Buffer.from(sound.buffer)])
}
