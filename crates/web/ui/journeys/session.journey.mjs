// A model is played live: microphone, map, pad, movements, recordings, and everything that can go wrong meanwhile.
//
//   MEASURE      1: aims for time fail the journey; else they are only said, as other programs take cores, too
//   PLAY_SECS    how long underruns are counted at 2,048 samples: 60 when that is measured, else 3
//   SOAK_SECS    how long after that at 4,096 samples, 0 by default
//   MODEL_PRESET, MODEL_STEPS, MODEL_SETTINGS   which model plays: sketch after 60 steps by default
//   PRECISION    of its weights, as the page words it: «8 bits»; the page's own choice by default

import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { goFirst, noise, tone, travel } from './harness.mjs'
import { lagOf, peakOf, probe, read, steepestOf } from './sound-probe.mjs'

/** From a hand to the ear, and from the microphone to the ear besides the model, at most. */
const PAD_MS_MOST = 100
const BESIDE_MODEL_MS_MOST = 60
const IS_MEASURED = process.env.MEASURE === '1'
const PLAY_SECS = Number(process.env.PLAY_SECS ?? (IS_MEASURED ? 60 : 3))
/** Fails where an aim is missed, if aims are measured. */
const aim = (isReached, text) => assert(isReached || !IS_MEASURED, text)

const folder = mkdtempSync(join(tmpdir(), 'maquette-microphone-'))
const recording = join(folder, 'microphone.wav')
writeFileSync(recording, noise(30))
const MICROPHONE = ['--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${recording}`]

await travel(
  {
    async 'a model is an instrument'({ page, studio, look, newPage, step }) {
      const model = await quickModel(studio)
      await page.addInitScript(probe)

      step('from the page of a model to its first sound')
      await page.goto(`${studio.url}/models/${model.id}`)
      await page.getByRole('link', { name: 'Play', exact: true }).click()
      await page.getByRole('heading', { level: 1, name: `Play ${model.name}` }).waitFor()
      await page.getByRole('button', { name: 'Precision, noise and seed' }).click()
      if (process.env.PRECISION) await page.getByRole('radio', { name: process.env.PRECISION }).check({ force: true })
      await look('before it starts')
      await page.getByRole('checkbox', { name: 'The noise that the model makes itself' }).uncheck()
      await page.getByRole('button', { name: 'Start playing' }).click()
      const microphone = page.getByRole('switch', { name: 'Microphone' })
      await microphone.waitFor()
      await microphone.check()
      await waitUntil(async () => Number(await page.getByRole('meter', { name: 'Input level' }).getAttribute('aria-valuenow')) > -50, 'the microphone is not heard')
      await look('playing')
      goFirst()

      step('the input alone is what the microphone heard, later by the model and the buffer')
      await page.keyboard.press('a')
      const latency = (await session(studio, page)).latency
      for (const buffer of IS_MEASURED ? [512, 1024, 2048] : [4096]) {
        await choose(page, 'Buffer', new RegExp(`^${buffer.toLocaleString('en')}`))
        // What was asked for before the buffer changed is heard first: a long model answers later.
        await page.waitForTimeout(1500 + latency(44100) / 10)
        // An underrun shifts what comes after it, so that nothing could be compared.
        let recorded
        let nLate
        for (let i = 0; i < 6; i++) {
          const before = await underruns(page)
          recorded = await record(page, 2)
          nLate = (await underruns(page)) - before
          if (nLate === 0) break
        }
        const { microphone: early, output: late, rate, deviceSecs } = recorded
        const { lag, likeness } = lagOf(early, late, latency(await page.evaluate(() => globalThis.heard.node.context.sampleRate)) + 2 * buffer)
        const beside = (1000 * (lag - latency(rate))) / rate
        step(`buffer ${buffer}: ${lag} samples from the microphone to the output (likeness ${likeness.toFixed(3)}), the model's ${latency(rate)}: ${beside.toFixed(1)} ms beside the model, and ${(1000 * deviceSecs).toFixed(1)} ms of the device; ${nLate} underruns meanwhile`)
        // Where this machine is too busy to play a single recording in time, there is nothing to judge.
        if (nLate > 0 && !IS_MEASURED) continue
        assert(likeness > 0.8, `the output does not sound like the microphone: ${likeness}; ${early.length} samples, peaks ${peakOf(early)} and ${peakOf(late)}`)
        aim(beside < BESIDE_MODEL_MS_MOST, `it is late by ${beside} ms beside the model`)
      }
      if (!IS_MEASURED) await choose(page, 'Buffer', /^2,048/)
      await page.getByRole('button', { name: 'B', exact: true }).click()

      step(`no block is late in ${PLAY_SECS} s`)
      goFirst()
      await page.waitForTimeout(3000)
      const before = await underruns(page)
      await page.waitForTimeout(PLAY_SECS * 1000)
      const late = (await underruns(page)) - before
      step(`${late} underruns in ${PLAY_SECS} s at 2,048 samples`)
      aim(late === 0, `${late} underruns`)

      step('what is recorded is in the library')
      await page.getByLabel('Name of the recording').fill('First take')
      await page.getByRole('button', { name: 'Record', exact: true }).click()
      await page.getByRole('button', { name: /^Stop recording/ }).waitFor()
      await page.waitForTimeout(2000)
      await page.getByRole('button', { name: /^Stop recording/ }).click()
      await page.getByText('First take is in the library.').first().waitFor()
      await waitUntil(async () => (await studio.ask('GET', '/api/sounds')).some(({ card }) => card.name === 'First take' && card.facts.n_samples > 1.5 * card.facts.rate_hz), 'the recording is not in the library')

      step('a sound of its own, scrubbed and looped by keyboard')
      await microphone.uncheck()
      await page.locator('input[type=file][accept^="audio"]').first().setInputFiles({ name: 'tone.wav', mimeType: 'audio/wav', buffer: tone(4) })
      const place = page.getByRole('slider', { name: 'Place in tone.wav' })
      await place.waitFor()
      await waitUntil(async () => Number(await place.getAttribute('aria-valuenow')) > 0.2, 'the sound does not play')
      await look('a sound plays')
      await place.focus()
      await page.keyboard.press('End')
      await page.keyboard.press('Escape')
      await page.getByRole('switch', { name: 'Sound', exact: true }).uncheck()

      step('the map is drawn, and is the dataset as the model knows it')
      await page.getByRole('tab', { name: 'Explore' }).click()
      const map = page.getByTestId('map')
      if (!(await studio.ask('GET', `/api/models/${model.id}/map`))) {
        await page.getByRole('button', { name: 'Draw the map' }).click()
        await map.waitFor({ timeout: 120_000 })
        const again = page.getByRole('button', { name: 'Start again' })
        await again.waitFor({ timeout: 240_000 })
        await again.click()
        await again.waitFor({ state: 'detached' })
      }
      await map.waitFor()
      await look('explore')

      step('a drag on the map is heard at once')
      const box = await middle(map)
      const at = (x, y) => [box.x + x * box.width, box.y + y * box.height]
      await page.mouse.move(...at(0.45, 0.5))
      await page.mouse.down()
      await page.mouse.move(...at(0.5, 0.5), { steps: 4 })
      // A model after some steps may be too quiet for the meter.
      const isHeard = async () => Number(await page.getByRole('meter', { name: 'Output level' }).getAttribute('aria-valuenow')) > -59
      for (let i = 0; i < 20 && !(await isHeard()); i++) await page.waitForTimeout(200)
      aim(await isHeard(), 'the map is not heard')
      await page.mouse.up()
      await steady(page)

      step('from the pad to the ear')
      const pad = page.getByRole('application', { name: /^Pad:/ })
      const ways = []
      for (let i = 0; i < 6; i++) {
        const square = await middle(pad)
        await page.mouse.move(square.x + (i % 2 ? 0.3 : 0.7) * square.width, square.y + 0.4 * square.height)
        await steady(page)
        const recorded = record(page, 1.2)
        await page.waitForTimeout(500)
        await page.mouse.down()
        await page.mouse.up()
        ways.push(changeAfter(await recorded, (await session(studio, page)).ratio))
      }
      ways.sort((a, b) => a.ms - b.ms)
      step(`from the pad to the ear: ${ways.map(({ ms }) => ms.toFixed(0)).join(', ')} ms, of the device ${(ways[0].deviceMs).toFixed(0)} ms of that`)
      aim(ways[3].ms < PAD_MS_MOST, `the pad is heard after ${ways[3].ms} ms`)

      step('pad and map by keyboard, read as numbers, and undone')
      await pad.focus()
      await page.keyboard.press('Home')
      await page.getByRole('application', { name: /^Pad: .* 0.σ, .* 0.σ$/ }).waitFor()
      await page.keyboard.press('Shift+ArrowRight')
      await page.getByRole('application', { name: /^Pad: .* 0\.8.σ, .* 0.σ$/ }).waitFor()
      await page.keyboard.press('ArrowUp')
      await page.getByRole('application', { name: /^Pad: .* 0\.8.σ, .* 0\.08.σ$/ }).waitFor()
      await page.waitForTimeout(800)
      await page.keyboard.press('Home')
      await page.keyboard.press('Control+z')
      await page.getByRole('application', { name: /^Pad: .* 0\.8.σ, .* 0\.08.σ$/ }).waitFor()
      await map.focus()
      const told = () => map.getAttribute('aria-label')
      await page.keyboard.press('Home')
      const home = await told()
      await page.keyboard.press('Shift+ArrowLeft')
      await waitUntil(async () => (await told()) !== home, 'the map does not follow the keys')
      await page.keyboard.press('u')
      await waitUntil(async () => (await told()) !== home, 'no surprise')

      step('a movement is drawn, replayed, turned, kept, and comes back from its file')
      await page.getByRole('button', { name: 'Draw', exact: true }).click()
      const area = await middle(map)
      await page.mouse.move(area.x + 0.3 * area.width, area.y + 0.4 * area.height)
      await page.mouse.down()
      for (let i = 1; i <= 40; i++) {
        await page.mouse.move(area.x + (0.4 - 0.1 * Math.cos(i / 7)) * area.width, area.y + (0.4 + 0.15 * Math.sin(i / 7)) * area.height)
        await page.waitForTimeout(20)
      }
      await page.mouse.up()
      const movement = page.getByTestId('movement')
      await movement.waitFor()
      await page.getByRole('tab', { name: 'Play', exact: true }).click()
      const inPath = page.getByRole('slider', { name: 'Place in the path' })
      await inPath.waitFor()
      const first = await inPath.inputValue()
      await waitUntil(async () => (await inPath.inputValue()) !== first, 'the movement is not replayed')
      await page.getByRole('tab', { name: 'Explore' }).click()
      await page.getByRole('button', { name: 'Reverse' }).click()
      await page.getByLabel('Name of the movement').fill('Loop')
      await page.getByRole('region', { name: 'Movements' }).getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByRole('heading', { name: 'Saved movements' }).waitFor()
      const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as .npy' }).click()])
      assert.equal(saved.suggestedFilename(), 'Loop.npy')
      const text = await movement.textContent()
      await page.getByTestId('npy').setInputFiles(await saved.path())
      await waitUntil(async () => /: [\d.]+/.exec(await movement.textContent())?.[0] === /: [\d.]+/.exec(text)[0], 'the movement does not come back as it was')
      const [sound] = await Promise.all([page.waitForEvent('download', { timeout: 90_000 }), page.getByRole('button', { name: 'Save as WAV' }).click()])
      assert(sound.suggestedFilename().endsWith('.wav'))

      step('places are kept, and a path goes between them')
      await page.getByRole('button', { name: 'Keep this place' }).click()
      await page.getByRole('button', { name: /^Hear the sound of/ }).first().waitFor()
      for (let i = 0; i < 2; i++) {
        await page.getByRole('button', { name: 'Surprise me' }).click()
        await page.getByRole('button', { name: 'Add this place' }).click()
      }
      await page.getByRole('button', { name: 'Play the path' }).click()
      await look('explore with paths')

      step('the instrument is saved, and played by the computer keyboard')
      await page.getByRole('tab', { name: 'MIDI and keys' }).click()
      await look('midi')
      await choose(page, 'Notes', /^Move along/)
      await page.getByRole('checkbox', { name: 'Play notes with the computer keyboard' }).check()
      await page.keyboard.down('c')
      await page.getByText('E4', { exact: true }).waitFor()
      await page.keyboard.up('c')
      await page.getByRole('checkbox', { name: 'Play notes with the computer keyboard' }).uncheck()
      await page.getByRole('button', { name: 'Instruments' }).click()
      await page.getByLabel('Name of the instrument').fill('Evening')
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByRole('button', { name: 'Evening', exact: true }).waitFor()
      await page.keyboard.press('Escape')

      step('it all fits a narrow window')
      await page.setViewportSize({ width: 390, height: 844 })
      for (const tab of ['Play', 'Explore', 'MIDI and keys']) {
        await page.getByRole('tab', { name: tab, exact: true }).click()
        await page.waitForTimeout(400)
        await look(`narrow ${tab}`)
      }
      await page.setViewportSize({ width: 1280, height: 900 })
      await page.getByRole('tab', { name: 'Play', exact: true }).click()

      step('another page takes over; the first one takes it back')
      const other = await newPage()
      await other.goto(page.url())
      await other.getByRole('button', { name: 'Record', exact: true }).waitFor()
      await page.getByRole('heading', { name: 'Another page plays this session now.' }).waitFor()
      await look('taken over')
      await page.getByRole('button', { name: 'Take it back' }).click()
      await page.getByRole('heading', { name: 'Another page plays this session now.' }).waitFor({ state: 'detached' })
      await other.getByRole('heading', { name: 'Another page plays this session now.' }).waitFor()
      await other.close()

      step('a page that is loaded again goes on with its session')
      const id = new URL(page.url()).searchParams.get('session')
      await page.reload()
      await page.getByRole('button', { name: 'Record', exact: true }).waitFor()
      assert.equal(new URL(page.url()).searchParams.get('session'), id)

      step('a process that dies is said to have, and everything stands as it did in the next')
      await page.getByLabel('Transposition, exactly').fill('5')
      await page.keyboard.press('Tab')
      await page.waitForTimeout(300)
      process.kill(Number(workerOf(id)), 'SIGKILL')
      await page.getByRole('button', { name: 'Start again' }).waitFor()
      await look('ended')
      await page.getByRole('button', { name: 'Start again' }).click()
      await page.getByRole('button', { name: 'Start again' }).waitFor({ state: 'detached' })
      await waitUntil(async () => new URL(page.url()).searchParams.get('session') !== id, 'no session follows')
      assert.equal(await page.getByLabel('Transposition, exactly').inputValue(), '5')
      assert((await studio.ask('GET', '/api/sounds')).some(({ card }) => card.name === 'First take'))

      const soak = Number(process.env.SOAK_SECS ?? 0)
      if (soak > 0) {
        step(`${soak} s at 4,096 samples`)
        await page.getByRole('switch', { name: 'Microphone' }).check()
        await choose(page, 'Buffer', /^4,096/)
        goFirst()
        await page.waitForTimeout(3000)
        const start = await underruns(page)
        const memory = () => page.evaluate(() => performance.memory.usedJSHeapSize / 1e6)
        const held = await memory()
        await page.waitForTimeout(soak * 1000)
        const n = (await underruns(page)) - start
        step(`${n} underruns; the page's memory went from ${held.toFixed(1)} to ${(await memory()).toFixed(1)} MB`)
        aim(n === 0, `${n} underruns`)
      }

      step('Escape silences it')
      await page.locator('h1').click()
      await page.keyboard.press('Escape')
      await page.waitForTimeout(1500)
      const { output } = await record(page, 0.6)
      assert(steepestOf(output) < 0.5)
      await page.getByRole('button', { name: 'End session' }).click()
      await page.getByRole('button', { name: 'Start playing' }).waitFor()
    },
  },
  [...MICROPHONE, '--use-fake-ui-for-media-stream'],
)

await travel(
  {
    async 'a microphone that is not allowed'({ page, studio, look, step }) {
      const model = await quickModel(studio)
      await page.goto(`${studio.url}/models/${model.id}/play`)
      await page.getByRole('button', { name: 'Start playing' }).click()

      step('is said, with what to do, and the rest plays')
      await page.getByRole('switch', { name: 'Microphone' }).click()
      await page.getByText('The microphone is not allowed.').waitFor()
      assert.equal(await page.getByRole('switch', { name: 'Microphone' }).isChecked(), false)
      await look('refused')
      await page.getByRole('switch', { name: 'Random walk' }).check()
      await waitUntil(async () => Number(await page.getByRole('meter', { name: 'Output level' }).getAttribute('aria-valuenow')) > -59, 'the walk is not heard')
    },
  },
  [...MICROPHONE, '--deny-permission-prompts'],
)

/** A model of a few steps on the sample sounds; the one that is there in a workspace that was copied. */
async function quickModel(studio) {
  const [there] = await studio.ask('GET', '/api/models')
  if (there) return there
  const dataset = await studio.ask('POST', '/api/datasets', { source: { from: 'samples' } })
  await waitUntil(async () => (await studio.ask('GET', `/api/datasets/${dataset.id}`)).summary, 'the dataset does not get done')
  const settings = JSON.parse(process.env.MODEL_SETTINGS ?? '{}')
  const order = { dataset: dataset.id, family: 'rave', preset: process.env.MODEL_PRESET ?? 'sketch', switches: [], settings, seed: 0, limit: { until: 'steps', steps: Number(process.env.MODEL_STEPS ?? 60) } }
  const run = await studio.ask('POST', '/api/runs', order)
  await waitUntil(async () => (await studio.ask('GET', `/api/runs/${run.id}`)).job.state.state === 'done', 'the run does not get done')
  const { id } = await studio.ask('POST', '/api/models', { run: run.id })
  const { name } = await studio.ask('PATCH', `/api/models/${id}`, { name: 'Small bells' })
  return { id, name }
}

/** What the model of a page is like: its latency at a rate, and samples per latent frame. */
async function session(studio, page) {
  const { facts } = await studio.ask('GET', `/api/models/${new URL(page.url()).pathname.split('/')[2]}`)
  return { latency: () => facts.codec.latency_samples, ratio: facts.codec.ratio }
}

async function record(page, secs) {
  return read(await page.evaluate((secs) => globalThis.heard.record(secs), secs))
}

/** Where something is, once it is in the middle of the page: nothing lies over it there. */
async function middle(locator) {
  await locator.evaluate((element) => element.scrollIntoView({ block: 'center', behavior: 'instant' }))
  return locator.boundingBox()
}

/** Waits until the sound no longer changes. */
async function steady(page) {
  await page.waitForTimeout(700)
}

/**
 * How long after the hand moved the sound changed. A steady point sounds the same frame after frame, so what changes is
 * what differs from a few frames before.
 */
function changeAfter({ output, times, movedAt, deviceSecs }, ratio) {
  const moved = times.findIndex((time) => time >= movedAt)
  const period = 4 * ratio
  let usual = 0
  for (let i = period; i < moved; i++) usual = Math.max(usual, Math.abs(output[i] - output[i - period]))
  const changed = output.findIndex((sample, i) => i > moved && Math.abs(sample - output[i - period]) > Math.max(4 * usual, 1e-4))
  aim(moved > period && changed > 0, `the pad is not heard: moved at sample ${moved}, peak ${peakOf(output)}, usual change ${usual}`)
  const ms = changed > 0 ? 1000 * (times[changed] - movedAt + deviceSecs) : Infinity
  return { ms, deviceMs: 1000 * deviceSecs }
}

async function underruns(page) {
  return Number(/\d[\d,]*/.exec(await page.getByTestId('underruns').textContent())[0].replaceAll(',', ''))
}

/** The process of a session. */
function workerOf(id) {
  return execFileSync('pgrep', ['-f', `worker .*${id}`], { encoding: 'utf8' }).trim().split('\n')[0]
}

/** Chooses an option of a list of our own. */
async function choose(page, label, name) {
  await page.getByRole('combobox', { name: label, exact: true }).click()
  await page.getByRole('option', { name }).first().click()
}

async function waitUntil(isSo, otherwise) {
  for (let i = 0; i < 300; i++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(otherwise)
}
