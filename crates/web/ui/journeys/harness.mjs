// Drives the real program in a real browser: a studio on a workspace of its own, a page that is
// watched. A journey fails on anything a person would stumble over: a step that cannot be done, an
// error in the console, a request to another host, an accessibility violation, sideways scrolling.
//
//   MAQUETTE_BIN      the program to drive
//   CHROMIUM          the browser, /usr/bin/chromium by default
//   MAQUETTE_DIST     built pages to use in place of those in the program
//   MAQUETTE_SHOTS    a folder for pictures of what was looked at
//   MAQUETTE_FIRST    lets what sounds go before other programs: for measures on a busy computer, as root on Linux
//   MAQUETTE_FROM     a workspace that is copied, in place of an empty one, for journeys that take what is there

import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'

import { chromium } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const START_MS = 30_000

/** Runs journeys, one after another; the process fails if one of them did. `flags` are the browser's, besides the usual. */
export async function travel(journeys, flags = []) {
  for (const [name, steps] of Object.entries(journeys)) if (!(await journey(name, steps, flags))) process.exitCode = 1
}

/** Runs one journey and says how it went; gives whether it went well. */
async function journey(name, steps, flags) {
  const studio = await startStudio()
  const browser = await startBrowser(flags)
  const troubles = []
  const page = await watchedPage(browser, studio, troubles)
  const began = Date.now()
  try {
    await steps({ page, studio, look: (what, of = page) => look(of, `${name} ${what}`, troubles), newPage: () => watchedPage(browser, studio, troubles, page.context()), step: (text) => say(`  ${text}`) })
  } catch (error) {
    troubles.push(error.stack ?? String(error))
    await picture(page, `${name} failed`)
  }
  await browser.close()
  await studio.end()
  const secs = ((Date.now() - began) / 1000).toFixed(1)
  say(troubles.length === 0 ? `ok      ${name} (${secs} s)` : `FAILED  ${name} (${secs} s)`)
  for (const trouble of troubles) say(`  ${trouble.replaceAll('\n', '\n    ')}`)
  return troubles.length === 0
}

/** A studio on a workspace of its own, which is removed at the end. */
async function startStudio() {
  const workspace = await mkdtemp(join(tmpdir(), 'maquette-journey-'))
  if (process.env.MAQUETTE_FROM) await cp(process.env.MAQUETTE_FROM, workspace, { recursive: true })
  let { child, url } = await spawnStudio(workspace, await freePort())
  let isStopped = false
  const stop = async () => {
    isStopped = true
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.on('exit', resolve))
    child.kill('SIGTERM')
    await gone
  }
  return {
    url,
    workspace,
    /** Asks the studio directly, to arrange what a journey is not about. */
    async ask(method, path, body) {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) })
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
      return answer.status === 204 ? undefined : answer.json()
    },
    stop,
    isStopped: () => isStopped,
    /** Starts it again after a stop, at the same address. */
    async startAgain() {
      child = (await spawnStudio(workspace, new URL(url).port)).child
      isStopped = false
    },
    async end() {
      await stopTrainings(url)
      await stop()
      await rm(workspace, { recursive: true, force: true })
    },
  }
}

/** A port that nobody uses: not the studio's usual one, which the studio of another journey would take while this one is
 * stopped, and not one that the system gives to connections by itself. */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(10_000 * Math.random())
    const isFree = await new Promise((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return String(port)
  }
}

function spawnStudio(workspace, port) {
  const program = process.env.MAQUETTE_BIN
  if (!program) throw new Error('MAQUETTE_BIN does not name the program to drive')
  const args = ['--workspace', workspace, '--no-open', '--port', port]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  // A harness that is broken off takes its studio along.
  process.once('exit', () => child.kill())
  let said = ''
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the studio did not start: ${said}`)), START_MS)
    const hear = (bytes) => {
      said += bytes
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said)
      if (!found) return
      clearTimeout(late)
      resolve({ child, url: found[0] })
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('exit', (code) => reject(new Error(`the studio ended with ${code}: ${said}`)))
  })
}

/** Trainings and sessions live on without their studio, so they are asked to stop before it is. */
async function stopTrainings(url) {
  const list = (path) => fetch(url + path).then((answer) => answer.json(), () => [])
  for (const { id, kind } of await list('/api/jobs'))
    if (kind === 'train') await fetch(`${url}/api/runs/${id}/stop`, { method: 'POST' }).catch(() => undefined)
    else if (kind === 'session') await fetch(`${url}/api/jobs/${id}/cancel`, { method: 'POST' }).catch(() => undefined)
  for (let i = 0; i < 100 && (await list('/api/jobs')).length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 200))
}

function startBrowser(flags) {
  const args = [...flags, '--no-sandbox', '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required']
  // Pages that are put in the place of others come from nowhere, as far as the browser knows.
  if (process.env.MAQUETTE_DIST) args.push('--disable-features=LocalNetworkAccessChecks')
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args })
}

/** A page that is watched; `context`: of a browser window that is open already. */
async function watchedPage(browser, studio, troubles, open) {
  const context = open ?? await browser.newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: 'reduce',
    colorScheme: 'dark',
    locale: 'en-GB',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.on('console', (message) => {
    // A browser notes every answer with an error status here, also those that a page asked for.
    const isAnswer = message.text().startsWith('Failed to load resource')
    // While the studio is stopped, a page that tries to reach it cannot.
    const isExpected = studio.isStopped() && message.text().includes('ERR_CONNECTION')
    if (message.type() === 'error' && !isAnswer && !isExpected) troubles.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => troubles.push(`page: ${error.stack ?? error.message}`))
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol.startsWith('http') && origin !== studio.url) troubles.push(`request to another host: ${request.url()}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 500) troubles.push(`${response.status()} from ${response.url()}`)
  })
  if (process.env.MAQUETTE_DIST) await usePages(page, process.env.MAQUETTE_DIST)
  return page
}

/** Answers with built pages of a folder, under the headers that the studio gives its own. */
async function usePages(page, dist) {
  const types = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', html: 'text/html', mp4: 'video/mp4', png: 'image/png' }
  await page.route(/^http:\/\/127\.0\.0\.1:\d+\/(?!api\/)/, async (route) => {
    const { origin, pathname } = new URL(route.request().url())
    const path = existsSync(join(dist, pathname)) && pathname !== '/' ? pathname : '/index.html'
    const { headers } = await fetch(origin).then((answer) => ({ headers: Object.fromEntries(answer.headers) }))
    for (const name of ['content-encoding', 'content-length', 'etag']) delete headers[name]
    headers['content-type'] = types[path.split('.').pop()] ?? 'application/octet-stream'
    await route.fulfill({ headers, body: readFileSync(join(dist, path)) })
  })
}

/** Looks at the page as it is in dark and in light: accessibility, sideways scrolling, a picture. */
async function look(page, name, troubles) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, colorScheme)
    await page.evaluate(axe)
    const { violations } = await page.evaluate((rules) => globalThis.axe.run({ runOnly: rules }), RULES)
    for (const { id, help, nodes } of violations)
      troubles.push(`axe in ${colorScheme}, ${name}: ${id}: ${help}\n${nodes.map((node) => node.html.slice(0, 200)).join('\n')}`)
    await picture(page, `${name} ${colorScheme}`)
  }
  const over = await page.evaluate(() => {
    const main = document.querySelector('main')
    return Math.max(main.scrollWidth - main.clientWidth, document.body.scrollWidth - innerWidth)
  })
  if (over > 0) troubles.push(`${name}: scrolls sideways by ${over} px`)
}

async function picture(page, name) {
  const folder = process.env.MAQUETTE_SHOTS
  if (!folder) return
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name.replace(/[^a-z0-9]+/gi, '-')}.png`) }).catch(() => undefined)
}

/** A sound file to upload: a tone of so many seconds, 16-bit mono WAV. */
export function tone(secs, hz = 220, rate = 44_100) {
  return wav(Math.round(secs * rate), rate, (i) => 12_000 * Math.sin((2 * Math.PI * hz * i) / rate))
}

/** A drum loop: a click on each beat, the first of four louder and lower, of so many beats at a tempo; 16-bit mono WAV. */
export function clicks(nBeats, bpm, rate = 44_100) {
  const beat = (60 / bpm) * rate
  return wav(Math.round(nBeats * beat), rate, (i) => {
    const [n, within] = [Math.floor(i / beat), i % beat]
    const hz = n % 4 === 0 ? 180 : 420
    const hat = within > beat / 2 ? 2000 * Math.exp(-(within - beat / 2) / 600) * Math.sin(i * 1.7) : 0
    return (n % 4 === 0 ? 20_000 : 11_000) * Math.exp(-within / 1800) * Math.sin((2 * Math.PI * hz * within) / rate) + hat
  })
}

/** Noise that never repeats itself, so that it is found again in what comes out: 16-bit mono WAV. */
export function noise(secs, rate = 48_000) {
  let [state, low] = [12_345, 0]
  return wav(Math.round(secs * rate), rate, (i) => {
    state = (state * 48_271) % 2_147_483_647
    low += 0.3 * (state / 1_073_741_824 - 1 - low)
    return 9000 * low * (1 + Math.sin(i / 7000))
  })
}

/** A 16-bit mono WAV file of so many samples. */
export function wav(n, rate, sampleAt) {
  const bytes = Buffer.alloc(44 + 2 * n)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(36 + 2 * n, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(rate, 24)
  bytes.writeUInt32LE(2 * rate, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(2 * n, 40)
  for (let i = 0; i < n; i++) bytes.writeInt16LE(Math.round(sampleAt(i)), 44 + 2 * i)
  return bytes
}

/** Ticks of a quarter note of {@link midi}. */
export const TICKS = 480

/** A Standard MIDI File of one track: notes as [tick, ticks, key]. Source: RP-001, «Standard MIDI Files 1.0». */
export function midi(notes, bpm = 96) {
  const number = (n, bytes) => Array.from({ length: bytes }, (_, i) => (n >> (8 * (bytes - 1 - i))) & 255)
  const variable = (n) => (n < 128 ? [n] : [...variable(n >> 7).map((byte) => byte | 128), n & 127])
  const events = notes.flatMap(([at, length, key]) => [
    { at, bytes: [0x90, key, 90] },
    { at: at + length, bytes: [0x80, key, 64] },
  ])
  events.sort((a, b) => a.at - b.at || a.bytes[0] - b.bytes[0])
  const track = [0, 0xff, 0x51, 3, ...number(Math.round(6e7 / bpm), 3), 0, 0xff, 0x58, 4, 4, 2, 24, 8]
  let last = 0
  for (const { at, bytes } of events) {
    track.push(...variable(at - last), ...bytes)
    last = at
  }
  track.push(0, 0xff, 0x2f, 0)
  const text = (word) => [...word].map((letter) => letter.charCodeAt(0))
  return Buffer.from([...text('MThd'), ...number(6, 4), ...number(0, 2), ...number(1, 2), ...number(TICKS, 2), ...text('MTrk'), ...number(track.length, 4), ...track])
}

/** Lets this process's own processes, the browser's among them, go before other programs, if that is asked for. */
export function goFirst() {
  if (!process.env.MAQUETTE_FIRST) return
  const parents = new Map()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
    if (stat) parents.set(Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  }
  const isOurs = (pid) => pid === process.pid || (parents.has(pid) && isOurs(parents.get(pid)))
  for (const pid of [...parents.keys()].filter(isOurs))
    for (const thread of attempt(() => readdirSync(`/proc/${pid}/task`)) ?? []) attempt(() => setPriority(Number(thread), FIRST))
}
const FIRST = -18

/** What a process that may be gone says, if it is there. */
function attempt(asking) {
  try {
    return asking()
  } catch {
    return undefined
  }
}

function say(text) {
  process.stdout.write(`${text}\n`)
}
