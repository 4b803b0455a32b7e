// A MusicGen of a few hundred thousand random numbers, in a folder as a model hub has it: it makes noise, in no time.

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const VECTORS = new URL('../../../models/vectors/', import.meta.url)

/** The header of a safetensors file. */
function headerOf(bytes) {
  const n = Number(bytes.readBigUInt64LE(0))
  return JSON.parse(bytes.subarray(8, 8 + n).toString())
}

/** Numbers that follow from a seed. Source: Tommy Ettinger's mulberry32. */
function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x = (x + Math.imul(x ^ (x >>> 7), x | 61)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A number of a tensor: of the size that keeps what goes through it about as large. */
function valueOf(name, fanIn, u) {
  if (/norm\.weight$|weight_g$|original0$|layer_norm\.weight$/.test(name)) return 0.8 + 0.4 * u
  if (/\.bias|bias_/.test(name)) return 0.2 * u - 0.1
  if (/inited$|cluster_size$/.test(name)) return 1
  return (2 * u - 1) * Math.sqrt(3 / Math.max(1, fanIn))
}

/** Writes the folder; with the licence that its README names, if one is given. */
export async function tinyWords(folder, licence) {
  const { __metadata__: metadata } = headerOf(await readFile(new URL('musicgen/musicgen.safetensors', VECTORS)))
  const state = JSON.parse(metadata.meta).state
  const draw = random(1)
  const header = {}
  const parts = []
  let at = 0
  for (const [name, shape] of state) {
    const n = shape.reduce((all, one) => all * one, 1)
    const fanIn = shape.slice(1).reduce((all, one) => all * one, 1)
    const values = new Float32Array(n)
    for (let i = 0; i < n; i += 1) values[i] = valueOf(name, fanIn, draw())
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + 4 * n] }
    parts.push(Buffer.from(values.buffer))
    at += 4 * n
  }
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'model.safetensors'), Buffer.concat([length, json, ...parts]))
  await copyFile(new URL('musicgen/musicgen.json', VECTORS), join(folder, 'config.json'))
  await copyFile(new URL('tokenizers/unigram/tokenizer.json', VECTORS), join(folder, 'tokenizer.json'))
  if (licence) await writeFile(join(folder, 'README.md'), `---\nlicense: ${licence}\n---\n# A model for tests\n`)
}
