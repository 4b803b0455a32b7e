// Plays a streaming graph with onnxruntime-web in Chromium (WebAssembly, one thread), and compares it with what
// Maquette plays.
//
// node check_onnx_web.mjs MODULES FOLDER BLOCK: MODULES is a `node_modules` with onnxruntime-web and
// playwright-core; FOLDER is as `models/examples/export_case.rs` leaves it; `CHROMIUM` names a browser elsewhere than
// /usr/bin/chromium. Prints one JSON line as check_exports.py does.

import { createReadStream, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [modules, folder, block] = process.argv.slice(2)
const dist = join(resolve(modules), 'onnxruntime-web/dist')
const { version } = JSON.parse(readFileSync(join(dist, '../package.json'), 'utf8'))
const { chromium } = await import(pathToFileURL(join(resolve(modules), 'playwright-core/index.mjs')))

const KINDS = { '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' }
const server = createServer((request, response) => {
  const name = decodeURIComponent(request.url.slice(1))
  if (name === 'page.html') return response.setHeader('content-type', 'text/html').end('<!doctype html>')
  const [place, file] = [name.startsWith('dist/') ? dist : folder, name.replace(/^[^/]*\//, '')]
  response.setHeader('content-type', KINDS[extname(file)] ?? 'application/octet-stream')
  createReadStream(join(place, file))
    .on('error', () => response.writeHead(404).end())
    .pipe(response)
})
await new Promise((done) => server.listen(0, '127.0.0.1', done))

/** Runs in the page. */
async function play({ block, loops }) {
  const ort = await import('/dist/ort.wasm.min.mjs')
  ort.env.wasm.numThreads = 1
  ort.env.wasm.wasmPaths = '/dist/'
  const bytes = async (name) => (await fetch(`/case/${name}`)).arrayBuffer()
  /** A NumPy file of 32-bit floats in rows. */
  const rows = async (name) => {
    const buffer = await bytes(name)
    const head = new DataView(buffer).getUint16(8, true)
    const shape = /\((\d+), (\d+)\)/.exec(new TextDecoder().decode(new Uint8Array(buffer, 10, head)))
    const [n, length] = [Number(shape[1]), Number(shape[2])]
    return Array.from({ length: n }, (_, i) => new Float32Array(buffer, 10 + head + 4 * i * length, length))
  }
  const session = await ort.InferenceSession.create(new Uint8Array(await bytes('live.onnx')), { executionProviders: ['wasm'] })
  const [sound, made] = [await rows('sound.npy'), await rows('made.npy')]
  const zeros = () => {
    const states = session.inputMetadata.filter(({ name }) => name.startsWith('state_'))
    const zero = ({ name, shape }) => {
      const n = shape.reduce((a, b) => a * b, 1)
      return [name, new ort.Tensor('float32', new Float32Array(n), shape)]
    }
    return Object.fromEntries(states.map(zero))
  }
  let [apart, largest, secs] = [0, 0, Number.POSITIVE_INFINITY]
  for (let loop = 0; loop < loops; loop++) {
    let states = zeros()
    const started = performance.now()
    for (let at = 0; at < sound[0].length; at += block) {
      const x = new Float32Array(sound.length * block)
      sound.forEach((row, i) => x.set(row.subarray(at, at + block), i * block))
      const out = await session.run({ audio: new ort.Tensor('float32', x, [1, sound.length, block]), ...states })
      states = Object.fromEntries(Object.keys(states).map((name) => [name, out[`next_${name}`]]))
      const y = out.reconstruction.data
      if (y.length !== made.length * block || !y.every(Number.isFinite)) throw new Error('it plays what is no sound')
      made.forEach((row, c) => {
        for (let i = 0; i < block; i++) {
          apart = Math.max(apart, Math.abs(y[c * block + i] - row[at + i]))
          largest = Math.max(largest, Math.abs(row[at + i]))
        }
      })
    }
    secs = Math.min(secs, (performance.now() - started) / 1000)
  }
  return { again: apart / largest, secs, samples: sound[0].length }
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-background-networking'] })
try {
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${server.address().port}/page.html`)
  const { again, secs, samples } = await page.evaluate(play, { block: Number(block), loops: 3 })
  console.log(JSON.stringify({ program: 'onnxruntime-web', version, again, realtime: samples / 44100 / secs }))
} finally {
  await browser.close()
  server.close()
}
