// Flows: opened from a file, run, asked, stuck and left out; what they keep knows its family; blends; how everything is.

import { strict as assert } from 'node:assert'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { clicks, tone, travel, wav } from './harness.mjs'

/** A bell that is struck every so many seconds. */
function bells(n, everySecs, hz, rate = 44_100) {
  return wav(Math.round(n * everySecs * rate), rate, (i) => {
    const within = (i / rate) % everySecs
    return 9000 * Math.min(1, within * 400) * (Math.sin(2 * Math.PI * hz * within) + 0.5 * Math.sin(2 * Math.PI * hz * 2.76 * within)) * Math.exp(-within * 2.5)
  })
}

/** Adds three short sounds to the memory; gives their folder. */
async function remember(studio) {
  const folder = mkdtempSync(join(tmpdir(), 'sounds-of-flows-'))
  writeFileSync(join(folder, 'bells.wav'), bells(4, 1.5, 700))
  writeFileSync(join(folder, 'loop.wav'), clicks(8, 120))
  writeFileSync(join(folder, 'low.wav'), tone(3, 110))
  await studio.ask('POST', '/api/memory/patterns', { paths: [folder] })
  for (let i = 0; (await studio.ask('GET', '/api/memory')).job; i++) {
    assert(i < 300, 'the memory is still at work')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return folder
}

/** No model is there, so that it blends; then it asks. */
const ANSWER = {
  format: 1,
  name: 'Answer of bells',
  about: 'Makes bells, with or without a model.',
  inputs: [{ key: 'words', label: 'Words', kind: 'words', usual: 'a small bell' }],
  steps: [
    { key: 'some', label: 'Some bells', work: { do: 'find', words: 'bells', n: 3 } },
    {
      key: 'make',
      label: 'Make sounds',
      work: { do: 'generate', prompt: '{words}', secs: 1.5, count: 2 },
      otherwise: [{ try: 'another_model' }, { try: 'instead', work: { do: 'blend', sounds: ['some'], way: 'grains', secs: 1.5, count: 2 } }],
    },
    { key: 'choose', label: 'Choose', work: { do: 'choose', sounds: ['make'], question: 'Which of them stay?' } },
    { key: 'keep', label: 'Into the library', work: { do: 'keep', sounds: ['choose'], name: 'Answer', tags: ['journey'] } },
  ],
}

/** Nothing else is tried, so that it waits for the person. */
const STUCK = {
  format: 1,
  name: 'Only with a model',
  steps: [
    { key: 'make', label: 'Make sounds', work: { do: 'generate', prompt: 'rain', secs: 2 } },
    { key: 'keep', label: 'Into the library', work: { do: 'keep', sounds: ['make'] }, if_fails: 'skip' },
  ],
}

const file = (plan) => ({ name: 'flow.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(plan)) })

/** Opens a flow from a file on the page of flows; gives its identifier. */
async function open(page, studio, plan) {
  await page.goto(`${studio.url}/flows`)
  await page.getByRole('heading', { level: 1, name: 'Flows' }).waitFor()
  await page.getByTestId('flow-file').setInputFiles(file(plan))
  await page.getByRole('heading', { level: 1, name: plan.name }).waitFor()
  return new URL(page.url()).pathname.split('/').at(-1)
}

const box = (page, key, state = undefined) => page.locator(`[data-testid=flow-picture] [data-key=${key}]${state ? `[data-state=${state}]` : ''}`)
const stands = (page, state) => page.locator(`[data-testid=run-state][data-state=${state}]`).waitFor({ timeout: 60_000 })

await travel({
  async 'a flow finds another way, asks, and keeps a sound that knows its family'({ page, studio, look, step }) {
    const folder = await remember(studio)

    step('ready-made flows are there')
    await page.goto(`${studio.url}/flows`)
    await page.getByRole('heading', { name: 'Ready-made' }).waitFor()
    assert((await page.getByRole('list', { name: 'Ready-made' }).getByRole('listitem').count()) >= 4)
    await page.getByText('Nothing has run yet.').waitFor()
    await look('flows')

    step('a file that is none is refused, one that is a flow is drawn')
    await page.getByTestId('flow-file').setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('[1]') })
    await page.getByText('This file is not a flow').first().waitFor()
    const id = await open(page, studio, ANSWER)
    assert.equal(await page.getByTestId('flow-picture').getByRole('button').count(), 5)

    step('arrow keys walk through the picture, and a step says what it does')
    await box(page, 'words').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.getByTestId('step-words').getByRole('heading', { name: 'Make sounds' }).waitFor()
    await page.getByTestId('step-words').getByText('Something else: Blend sounds').waitFor()
    assert.equal(await page.evaluate(() => document.activeElement.dataset.key), 'make')
    await look('a flow')

    step('it runs: without a model it blends, and then it asks')
    await page.getByRole('textbox', { name: 'Words' }).fill('a large bell')
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.waitForURL((url) => url.pathname.startsWith('/flow-runs/'))
    await stands(page, 'waiting')
    await box(page, 'some', 'done').waitFor()
    await box(page, 'make', 'done').waitFor()
    await box(page, 'choose', 'asking').waitFor()
    await box(page, 'keep', 'waiting').waitFor()
    await page.getByText('Which of them stay?').first().waitFor()
    const choices = page.getByRole('list', { name: 'Sounds to choose from' })
    assert.equal(await choices.getByRole('listitem').count(), 2)
    await choices.getByRole('button', { name: /^Play/ }).first().click()
    await page.getByRole('region', { name: 'Player' }).waitFor()
    await choices.getByRole('checkbox').first().check()
    await look('it asks')

    step('the person chooses, and it goes on to the end')
    const run = new URL(page.url()).pathname
    await page.getByRole('button', { name: 'Go on with these' }).click()
    await stands(page, 'done')
    await page.getByText('4 of 4 steps').waitFor()
    await box(page, 'make').click()
    await page.getByText('Try 1: Make sounds from words').waitFor()
    await page.getByText('Try 3: Blend sounds').waitFor()
    assert.equal(await page.getByTestId('try').count(), 3)
    assert.equal(await page.getByTestId('try').nth(0).getByTestId('problem').count(), 1)
    await look('it is done')

    step('the sound that was kept knows what it was made of')
    await box(page, 'keep').click()
    await page.getByRole('list', { name: 'Sounds', exact: true }).getByRole('link', { name: 'Answer' }).click()
    await page.getByRole('heading', { level: 1, name: 'Answer' }).waitFor()
    const tree = page.getByTestId('family-tree')
    await tree.waitFor()
    await tree.getByText(/blended/).first().waitFor()
    assert((await tree.locator('[data-kin]').count()) >= 4, 'the family is too small')
    await page.getByRole('button', { name: 'As a list' }).click()
    await page.getByText(/kept by Answer of bells/).first().waitFor()
    await look('a family tree')
    await tree.locator('[data-kin^="pattern:"] a').first().click()
    await page.waitForURL((url) => url.pathname.startsWith('/memory/'))
    await page.getByRole('button', { name: 'Family tree' }).click()
    await tree.getByRole('link', { name: /^Answer, kept sound/ }).first().waitFor()

    step('a step is done again, and the run is deleted')
    await page.goto(studio.url + run)
    await stands(page, 'done')
    await box(page, 'choose').click()
    await page.getByRole('button', { name: 'Run again from here' }).click()
    await stands(page, 'waiting')
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await stands(page, 'stopped')
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.waitForURL(`${studio.url}/flows/${id}`)

    step('the flow is deleted and brought back')
    await page.getByRole('button', { name: `Actions for ${ANSWER.name}` }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.waitForURL(`${studio.url}/flows`)
    await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' }).click()
    await page.locator(`[data-flow="${id}"]`).waitFor()
    assert.deepEqual((await studio.ask('GET', `/api/flows/${id}`)).plan.steps.length, 4)
    rmSync(folder, { recursive: true })
  },

  async 'a flow that is stuck is left out, and Health says so'({ page, studio, look, step }) {
    step('a flow that needs a model gets stuck without one')
    const id = await open(page, studio, STUCK)
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.waitForURL((url) => url.pathname.startsWith('/flow-runs/'))
    await stands(page, 'waiting')
    await box(page, 'make', 'stuck').waitFor()
    await page.getByTestId('try').getByTestId('problem').waitFor()
    await look('stuck')

    step('Health, and the page of flows, say that it waits')
    await page.goto(`${studio.url}/health`)
    const needs = page.getByTestId('needs')
    await needs.getByRole('link', { name: '1 flow is waiting for you' }).waitFor()
    await page.getByRole('meter', { name: 'Memory in use' }).waitFor()
    await page.getByRole('heading', { name: 'Disk space used' }).waitFor()
    await look('health')
    await page.getByRole('spinbutton', { name: 'Memory limit for jobs, in GB' }).fill('2')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('It applies from the next job on').first().waitFor()
    assert.equal((await studio.ask('GET', '/api/limits')).memory_bytes, 2e9)
    await page.goto(`${studio.url}/flows`)
    await page.getByRole('link', { name: '1 run is waiting for you' }).click()
    await stands(page, 'waiting')

    step('another way is offered, and it is left out')
    await page.getByRole('button', { name: 'Try another way…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('combobox', { name: 'Kind of work' }).waitFor()
    await look('another way')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Leave it out' }).click()
    await stands(page, 'done')
    await box(page, 'make', 'skipped').waitFor()
    await box(page, 'keep', 'skipped').waitFor()
    await page.setViewportSize({ width: 360, height: 780 })
    await look('a run on a phone')
    await page.setViewportSize({ width: 1280, height: 900 })

    step('a flow is edited: what is wrong is said, and edits are undone')
    await page.goto(`${studio.url}/flows/${id}/edit`)
    await page.getByText('It can run.').waitFor()
    await page.getByRole('button', { name: 'Remove Make sounds' }).click()
    await page.getByText(/uses “make”, which is not there/).waitFor()
    assert(await page.getByRole('button', { name: 'Save' }).isDisabled())
    await look('an edited flow')
    await page.keyboard.press('Control+z')
    await page.getByText('It can run.').waitFor()
    await page.getByRole('textbox', { name: 'Name', exact: true }).first().fill('Rain')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.waitForURL(/\/flows\/[^/]+$/)
    await page.getByRole('heading', { level: 1, name: 'Rain' }).waitFor()
    assert.equal((await studio.ask('GET', `/api/flows/${id}`)).plan.name, 'Rain')
  },

  async 'patterns are blended'({ page, studio, look, step }) {
    const folder = await remember(studio)
    step('two patterns of the memory go to the form')
    await page.goto(`${studio.url}/memory`)
    const rows = page.getByRole('list', { name: 'Patterns found' }).getByRole('listitem')
    await rows.nth(1).waitFor()
    for (const i of [0, 1]) await rows.nth(i).getByRole('checkbox').check()
    await page.getByTestId('selection').getByRole('link', { name: 'Blend…' }).click()
    await page.getByRole('heading', { level: 1, name: 'Blend sounds' }).waitFor()
    await page.getByRole('slider', { name: 'From one to the other' }).fill('0.6')
    await page.getByText('60%').first().waitFor()
    await look('a blend')

    step('they become a sound, whose recipe says so')
    await page.getByRole('spinbutton', { name: 'How many' }).fill('1')
    await page.getByRole('button', { name: 'Make 1 sound' }).click()
    await page.waitForURL((url) => url.pathname.startsWith('/create/generations/'))
    await page.getByRole('list', { name: /^Sounds of/ }).getByRole('listitem').first().waitFor({ timeout: 60_000 })
    await page.getByText('2 sounds blended as grains').first().waitFor()
    rmSync(folder, { recursive: true })
  },
})
