// Making sounds: generated, sorted out by keyboard, found in the gallery, made again; a folder sent through a model.

import { strict as assert } from 'node:assert'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { tone, travel } from './harness.mjs'

/** How long the page may compute for a key in a grid of a hundred sounds. */
const KEY_MS_MAX = 100

await travel({
  async 'sounds are made, sorted out and found'({ page, studio, look, step }) {
    step('without a model, the way to one is shown')
    await page.goto(studio.url)
    await page.keyboard.press('g')
    await page.keyboard.press('c')
    await page.getByRole('heading', { level: 1, name: 'Create' }).waitFor()
    await page.getByRole('heading', { name: 'No sound model yet' }).waitFor()
    await look('no model')

    step('with one, the gallery offers to generate, and recipes to try')
    const model = await quickModel(studio)
    await page.getByRole('heading', { name: 'No sounds yet' }).waitFor()
    await page.getByRole('button', { name: 'Make it: Orbit' }).waitFor()
    await look('empty gallery')

    step('twelve sounds are made from a walk, by keyboard')
    await page.keyboard.press('n')
    await page.waitForURL(/\/create\/generate/)
    const seconds = page.getByRole('spinbutton', { name: 'Seconds' })
    await seconds.fill('1')
    await look('generate')
    await seconds.press('Enter')
    await page.waitForURL(/made=/)
    const cards = page.locator('[data-number]')
    await waitUntil(async () => (await cards.count()) === 12, 'twelve sounds do not appear')
    const first = new URL(page.url()).searchParams.get('made')
    await waitUntil(async () => (await studio.ask('GET', `/api/generations/${first}`)).job.state.state === 'done', 'the generation does not get done')
    await look('twelve sounds')

    step('arrows move and play, Space stops')
    const player = page.getByRole('region', { name: 'Player' })
    const main = (number) => page.locator(`[data-number="${number}"] [data-main]`)
    await main(1).focus()
    await page.keyboard.press('ArrowRight')
    assert.equal(await focusedNumber(page), '2')
    await player.getByRole('button', { name: 'Pause' }).waitFor()
    const playing = await player.locator('.title').textContent()
    await page.keyboard.press('ArrowRight')
    await page.waitForFunction((before) => document.querySelector('.transport .title')?.textContent !== before, playing)
    await player.getByRole('button', { name: 'Pause' }).waitFor()
    await page.keyboard.press(' ')
    await player.getByRole('button', { name: 'Play', exact: true }).waitFor()
    await page.keyboard.press('Home')
    assert.equal(await focusedNumber(page), '1')

    step('two are kept, one is thrown away and comes back')
    await page.keyboard.press('k')
    await page.locator('[data-number="1"][data-kept=true]').waitFor()
    await page.keyboard.press('End')
    await page.keyboard.press('f')
    await page.locator('[data-number="12"][data-kept=true]').waitFor()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('x')
    await main(2).waitFor({ state: 'detached' })
    assert.equal(await focusedNumber(page), '3', 'the focus goes to the next card')
    await page.keyboard.press('Control+z')
    await main(2).waitFor()
    assert.equal((await studio.ask('GET', `/api/generations/${first}/sounds`)).filter((one) => one.is_gone).length, 0)

    step('another is thrown away by mouse, and is gone from the disk')
    await page.getByRole('button', { name: 'Throw sound 5 away' }).click()
    await main(5).waitFor({ state: 'detached' })
    await waitUntil(async () => (await studio.ask('GET', `/api/generations/${first}/sounds`)).some((one) => one.number === 5 && one.is_gone), 'its files stay')

    step('its recipe is shown in words and as JSON')
    await main(1).focus()
    await page.keyboard.press('r')
    const recipe = page.getByRole('dialog')
    await recipe.getByText(/A random walk through Small bells/).waitFor()
    await recipe.getByRole('button', { name: 'Recipe as JSON' }).click()
    assert.equal(JSON.parse(await recipe.locator('pre').textContent()).source.from, 'walk')
    await look('recipe')
    await page.keyboard.press('Escape')

    step('the order changes, and stays reachable')
    await choose(page, 'Order', 'Quietest first')
    await page.waitForFunction(() => document.querySelectorAll('[data-number]').length === 11)

    step('the two are in the gallery, one as a favourite')
    await main(1).focus()
    await page.keyboard.press('g')
    await page.keyboard.press('c')
    const gallery = page.getByRole('list', { name: 'Sounds', exact: true })
    await waitUntil(async () => (await page.locator('[data-sound]').count()) === 2, 'the gallery does not have two sounds')
    await look('gallery')
    await page.getByRole('checkbox', { name: 'Favourites only' }).check()
    await waitUntil(async () => (await page.locator('[data-sound]').count()) === 1, 'favourites are not told apart')
    await page.getByRole('checkbox', { name: 'Favourites only' }).uncheck()
    await gallery.locator('[data-main]').first().focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/create\/sounds\//)
    const sound = await studio.ask('GET', `/api/sounds/${idOf(page)}`)

    step('it is named and has tags')
    await page.getByRole('heading', { level: 1, name: sound.card.name }).waitFor()
    await page.keyboard.press('r')
    await page.getByRole('textbox', { name: 'Rename' }).fill('Cold morning')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Cold morning' }).waitFor()
    const tags = page.getByRole('textbox', { name: 'Tags' })
    await tags.fill('pad, dark')
    await tags.press('Enter')
    await waitUntil(async () => (await studio.ask('GET', `/api/sounds/${sound.id}`)).tags.length === 2, 'the tags are not kept')
    await look('sound')

    step('made again, it is identical')
    await page.getByRole('button', { name: 'Make it again' }).click()
    const again = page.getByTestId('again')
    await page.waitForFunction(() => document.querySelector('[data-testid=again]')?.dataset.same !== undefined)
    assert.equal(await again.getAttribute('data-same'), 'true', await again.textContent())
    await look('made again')

    step('its recipe is a preset, and the preset fills in the form')
    await page.getByRole('link', { name: 'Use as a preset' }).click()
    await page.waitForURL(/\/create\/generate/)
    await page.waitForFunction((seed) => document.querySelector('#seed')?.value === seed, String(sound.card.recipe.seed))
    await page.getByRole('button', { name: 'Save as a preset' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('My walk')
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'Messages' }).getByText('My walk was saved as a preset').waitFor()
    assert.equal((await studio.ask('GET', '/api/patches?kind=recipe')).length, 1)

    step('variations of it are made')
    await page.goto(`${studio.url}/create/sounds/${sound.id}`)
    await page.getByRole('button', { name: 'Variations of it' }).click()
    await page.waitForURL(/\/create\/generations\//)
    await waitUntil(async () => (await cards.count()) === 12, 'twelve variations do not appear')
    const hashes = (await studio.ask('GET', `/api/generations/${idOf(page)}/sounds`)).map(({ card }) => card.facts.sha256)
    assert.equal(new Set(hashes).size, 12, 'variations are alike')
    await look('variations')

    step('a sound is deleted and comes back')
    await page.goto(`${studio.url}/create`)
    await page.getByRole('button', { name: 'Play Cold morning' }).focus()
    await page.keyboard.press('Delete')
    await waitUntil(async () => (await page.locator('[data-sound]').count()) === 1, 'the sound is not deleted')
    await page.getByRole('button', { name: 'Undo' }).click()
    await waitUntil(async () => (await page.locator('[data-sound]').count()) === 2, 'the sound does not come back')

    step('a hundred sounds stay fluid')
    const { id: many } = await studio.ask('POST', '/api/generations', {
      recipe: { models: [{ place: { from: 'library', id: model.id } }], source: { from: 'walk', speed_hz: 1, range: 1 }, seed: 7, secs: 0.5 },
      count: 100,
    })
    await waitUntil(async () => (await studio.ask('GET', `/api/generations/${many}`)).n_made === 100, 'a hundred sounds are not made')
    await page.goto(`${studio.url}/create/generations/${many}`)
    await waitUntil(async () => (await cards.count()) === 100, 'a hundred cards do not appear')
    await main(1).focus()
    await page.evaluate(() => {
      globalThis.waits = []
      new PerformanceObserver((list) => globalThis.waits.push(...list.getEntries().filter(({ name }) => name === 'keydown').map(({ duration, processingStart, processingEnd }) => ({ duration, computing: processingEnd - processingStart })))).observe({ type: 'event', durationThreshold: 16 })
    })
    for (let i = 0; i < 60; i++) await page.keyboard.press(i % 10 === 9 ? 'ArrowDown' : 'ArrowRight')
    await page.waitForTimeout(300)
    const waits = await page.evaluate(() => globalThis.waits)
    const at = (what, share) => Math.round(waits.map((one) => one[what]).sort((a, b) => a - b).at(Math.floor(waits.length * share)) ?? 0)
    step(`a key takes ${at('duration', 0.5)} ms to the next picture, ${at('duration', 0.98)} ms at most in 98 of 100; of these the page computes ${at('computing', 0.5)} and ${at('computing', 0.98)} ms`)
    assert(at('computing', 0.98) <= KEY_MS_MAX, `the page computes for ${at('computing', 0.98)} ms at a key`)

    step('it all fits a narrow window')
    await page.setViewportSize({ width: 390, height: 800 })
    await look('narrow generation')
    for (const [name, path] of [['gallery', '/create'], ['generate', `/create/generate?made=${first}`], ['sound', `/create/sounds/${sound.id}`]]) {
      await page.goto(studio.url + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      await look(`narrow ${name}`)
    }

    step('a model that is gone is said to be')
    await page.setViewportSize({ width: 1280, height: 900 })
    await studio.ask('DELETE', `/api/models/${model.id}`)
    await page.goto(`${studio.url}/create/sounds/${sound.id}`)
    await page.getByText('This model was deleted.').waitFor()
    await page.getByRole('button', { name: 'Make it again' }).click()
    await page.getByRole('status').or(page.getByRole('alert')).filter({ hasText: /model/i }).first().waitFor()
  },

  async 'a folder is sent through a model'({ page, studio, look, step }) {
    const model = await quickModel(studio)
    const folder = join(studio.workspace, 'takes')
    await mkdir(folder)
    await writeFile(join(folder, 'low.wav'), tone(1.5, 220))
    await writeFile(join(folder, 'high.wav'), tone(1, 440))
    await writeFile(join(folder, 'broken.wav'), Buffer.from('this is no sound'))

    step('the folder is chosen by its path')
    await page.goto(`${studio.url}/create/style?model=${model.id}`)
    await page.getByRole('radio', { name: 'A folder on this computer' }).check()
    const path = page.getByRole('textbox', { name: /folder|path/i }).first()
    await path.fill(folder)
    await path.press('Enter')
    await page.getByRole('button', { name: 'Send the folder through' }).waitFor()
    await waitUntil(() => page.getByRole('button', { name: 'Send the folder through' }).isEnabled(), 'the folder cannot be sent')
    await look('style')

    step('a preview is heard first')
    await page.getByRole('button', { name: 'high.wav' }).click()
    await page.getByRole('button', { name: 'Preview' }).click()
    const rows = page.locator('[data-number]')
    await rows.first().waitFor({ timeout: 60_000 })
    await look('preview')

    step('two of three come out, and the third is named')
    await page.getByRole('button', { name: 'Send the folder through' }).click()
    await page.waitForURL(/made=/)
    const made = new URL(page.url()).searchParams.get('made')
    await waitUntil(async () => (await studio.ask('GET', `/api/generations/${made}`)).job.state.state === 'done', 'the batch does not get done')
    await page.goto(`${studio.url}/create/generations/${made}`)
    await waitUntil(async () => (await rows.count()) === 2, 'two sounds do not appear')
    await page.getByTestId('notes').getByText(/broken\.wav/).waitFor()
    await look('batch')

    step('A and B are in sync, and are told apart')
    await rows.first().locator('[data-main]').focus()
    await page.keyboard.press(' ')
    const player = page.getByRole('region', { name: 'Player' })
    await player.getByRole('button', { name: 'Pause' }).waitFor()
    await page.keyboard.press('b')
    await player.getByRole('radio', { name: /Through the model/ }).isChecked()
    await page.waitForFunction(() => document.querySelectorAll('.transport input[type=radio]')[1]?.checked)
    await player.getByRole('button', { name: 'Pause' }).waitFor()
    await page.keyboard.press('a')
    await page.waitForFunction(() => document.querySelectorAll('.transport input[type=radio]')[0]?.checked)
    const [pair] = await studio.ask('GET', `/api/generations/${made}/sounds`)
    const lengths = await Promise.all(
      ['input.wav', 'sound.wav'].map(async (file) => (await (await fetch(`${studio.url}/api/generations/${made}/files/${pair.path}/${file}`)).arrayBuffer()).byteLength),
    )
    assert(lengths[0] > 1000 && lengths[0] === lengths[1], `the original has ${lengths[0]} bytes, what the model made of it ${lengths[1]}`)

    step('it is kept with its original beside it')
    await page.keyboard.press('k')
    await page.getByRole('region', { name: 'Messages' }).getByText('1 sound kept').waitFor()
    const [kept] = await studio.ask('GET', '/api/sounds')
    await page.goto(`${studio.url}/create/sounds/${kept.id}`)
    await page.getByText('A Original').first().waitFor()
    await look('kept pair')

    step('it all fits a narrow window')
    await page.setViewportSize({ width: 390, height: 800 })
    for (const [name, address] of [['style', `/create/style?made=${made}`], ['batch', `/create/generations/${made}`]]) {
      await page.goto(studio.url + address)
      await rows.first().waitFor()
      await look(`narrow ${name}`)
    }
  },

  async 'a prior lets a model go on'({ page, studio, look, step }) {
    const model = await quickModel(studio)

    step('the page of the model leads to the form, with the model chosen')
    await page.goto(`${studio.url}/models/${model.id}`)
    await page.getByRole('heading', { name: 'Priors' }).waitFor()
    await look('model without a prior')
    await page.getByRole('link', { name: 'Train a prior…' }).click()
    await page.waitForURL(/\/runs\/new/)
    await page.getByRole('combobox', { name: 'Model', exact: true }).getByText('Small bells').waitFor()
    const start = page.getByRole('button', { name: /^Start/ })
    await waitUntil(() => start.isEnabled(), 'the prior cannot be trained')
    await look('form of a prior')

    step('a short training makes up sounds')
    const { lineage } = await studio.ask('GET', `/api/models/${model.id}`)
    const families = await studio.ask('GET', '/api/families')
    const preset = families.find(({ name }) => name === 'prior').presets[0].name
    const order = { dataset: lineage.dataset, model: model.id, family: 'prior', preset, switches: [], settings: {}, seed: 0, limit: { until: 'steps', steps: 20 } }
    const { id: run } = await studio.ask('POST', '/api/runs', order)
    await waitUntil(async () => (await studio.ask('GET', `/api/runs/${run}`)).job.state.state === 'done', 'the prior does not get done')
    await page.goto(`${studio.url}/runs/${run}`)
    await page.getByRole('heading', { name: 'What it makes up now' }).waitFor()
    await page.getByRole('region', { name: /Comparison of/ }).getByRole('button', { name: 'Play', exact: true }).click()
    await page.getByRole('region', { name: 'Player' }).getByRole('button', { name: 'Pause' }).waitFor()
    await look('run of a prior')
    const { id: prior } = await studio.ask('POST', '/api/models', { run })

    step('the model lists it, and makes sounds with it')
    await page.goto(`${studio.url}/models/${model.id}`)
    await page.getByRole('region', { name: 'Priors' }).getByRole('listitem').first().waitFor()
    await look('model with a prior')
    await page.getByRole('region', { name: 'Priors' }).getByRole('link', { name: 'Generate' }).click()
    await page.waitForURL(new RegExp(`prior=${prior}`))
    assert(await page.getByRole('radio', { name: 'A prior' }).isChecked())
    await page.getByRole('spinbutton', { name: 'Seconds' }).fill('2')
    await page.getByRole('spinbutton', { name: 'How many' }).fill('4')
    await page.getByRole('button', { name: 'Make 4 sounds' }).click()
    const cards = page.locator('[data-number]')
    await waitUntil(async () => (await cards.count()) === 4, 'the prior makes no sounds')
    await look('sounds of a prior')

    step('it goes on from a sound of the dataset')
    await page.getByText('A sound, continued').click()
    await page.getByRole('radio', { name: 'A dataset' }).check()
    await page.getByRole('combobox', { name: 'Choose a sound' }).click()
    await page.getByRole('option').first().click()
    await page.getByRole('button', { name: 'Make 4 sounds' }).click()
    await page.waitForFunction((before) => !location.search.includes(before), new URL(page.url()).searchParams.get('made'))
    await waitUntil(async () => (await cards.count()) === 4, 'nothing goes on')
    const made = await studio.ask('GET', `/api/generations/${new URL(page.url()).searchParams.get('made')}`)
    assert.equal(made.asked.recipe.source.start.in, 'dataset')
    await look('continued')
  },
})

/** A model of a few steps on the sample sounds: enough to make sounds. */
async function quickModel(studio) {
  const dataset = await studio.ask('POST', '/api/datasets', { source: { from: 'samples' } })
  await waitUntil(async () => (await studio.ask('GET', `/api/datasets/${dataset.id}`)).summary, 'the dataset does not get done')
  const order = { dataset: dataset.id, family: 'rave', preset: 'sketch', switches: [], settings: {}, seed: 0, limit: { until: 'steps', steps: 20 } }
  const run = await studio.ask('POST', '/api/runs', order)
  await waitUntil(async () => (await studio.ask('GET', `/api/runs/${run.id}`)).job.state.state === 'done', 'the run does not get done')
  const { id } = await studio.ask('POST', '/api/models', { run: run.id })
  return studio.ask('PATCH', `/api/models/${id}`, { name: 'Small bells' })
}

/** Chooses an option of a list of our own. */
async function choose(page, label, name) {
  await page.getByRole('combobox', { name: label, exact: true }).click()
  await page.getByRole('option', { name }).first().click()
}

function idOf(page) {
  return new URL(page.url()).pathname.split('/').at(-1)
}

function focusedNumber(page) {
  return page.evaluate(() => document.activeElement?.closest('[data-number]')?.dataset.number)
}

async function waitUntil(isSo, otherwise) {
  for (let i = 0; i < 1500; i++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(otherwise)
}
