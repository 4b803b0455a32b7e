// Sounds from words: weights are added from a folder, their terms accepted, sounds made, kept, and made again; and an
// engine, which is a program of others, does the same.

import { strict as assert } from 'node:assert'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { travel } from './harness.mjs'
import { tinyWords } from './tiny-words.mjs'

await travel({
  async 'words become sounds, by weights of others'({ page, studio, look, step }) {
    const home = await mkdtemp(join(tmpdir(), 'maquette-words-'))
    const weights = join(home, 'tiny-musicgen')
    await tinyWords(weights, 'cc-by-nc-4.0')

    step('without such a model, the way to one is shown')
    await page.goto(`${studio.url}/create`)
    await page.getByRole('link', { name: 'From text' }).click()
    await page.getByRole('heading', { name: 'No model for this yet' }).waitFor()
    await look('no model')
    await page.getByRole('link', { name: 'Add weights of others…' }).click()
    await page.getByRole('heading', { level: 1, name: 'Add weights of others…' }).waitFor()

    step('a folder that is not whole says what is wrong')
    const half = join(home, 'half')
    await tinyWords(half)
    await writeFile(join(half, 'model.safetensors'), 'version https://git-lfs.github.com/spec/v1\n')
    await look('folder')
    await lookInto(page, half)
    await page.getByText(/Git LFS pointer/).first().waitFor()
    assert.equal(await page.getByRole('button', { name: 'Add to library' }).count(), 0)
    await look('half a folder')

    step('a whole one is added once its terms are accepted')
    await lookInto(page, weights)
    await page.getByText(/Everything that is needed is there/).waitFor()
    await page.getByText('Not for commercial use; name the authors.').waitFor()
    const add = page.getByRole('button', { name: 'Add to library' })
    assert.equal(await add.isDisabled(), true, 'it can be added before its terms are accepted')
    await page.getByRole('checkbox', { name: 'I have read these terms and accept them' }).check()
    await look('terms')
    await add.click()
    await page.getByRole('heading', { level: 1, name: 'tiny-musicgen' }).waitFor()
    await page.getByRole('heading', { name: 'What it can do' }).waitFor()
    await look('model')

    step('two sounds are made of a prompt, by keyboard')
    await page.getByRole('link', { name: 'Make sounds from words' }).click()
    const prompt = page.getByRole('textbox', { name: 'What is it to be?' })
    await page.getByRole('button', { name: 'Rain' }).click()
    assert.match(await prompt.inputValue(), /rain/)
    await prompt.fill('rain on a tin roof 🌧️ مطر')
    await page.getByRole('spinbutton', { name: 'Seconds' }).fill('1')
    await page.getByRole('spinbutton', { name: 'How many' }).fill('2')
    await look('form')
    await page.getByRole('spinbutton', { name: 'How many' }).press('Enter')
    await page.waitForURL(/made=/)
    const cards = page.locator('[data-number]')
    await waitUntil(async () => (await cards.count()) === 2, 'two sounds do not appear')
    const made = new URL(page.url()).searchParams.get('made')
    await waitUntil(async () => (await studio.ask('GET', `/api/generations/${made}`)).job.state.state === 'done', 'the generation does not get done')
    const [first, second] = await studio.ask('GET', `/api/generations/${made}/sounds`)
    assert.notEqual(first.card.facts.sha256, second.card.facts.sha256, 'two seeds make the same sound')
    assert.equal(first.card.recipe.models[0].licence, 'cc-by-nc-4.0')
    await look('two sounds')

    step('one is kept, and made again it is identical')
    await page.locator('[data-number="1"] [data-main]').focus()
    await page.keyboard.press('k')
    await page.locator('[data-number="1"][data-kept=true]').waitFor()
    const [kept] = await studio.ask('GET', '/api/sounds')
    await page.goto(`${studio.url}/create/sounds/${kept.id}`)
    await page.getByText('cc-by-nc-4.0').waitFor()
    await page.getByRole('button', { name: 'Make it again' }).click()
    await page.waitForFunction(() => document.querySelector('[data-testid=again]')?.dataset.same !== undefined)
    assert.equal(await page.getByTestId('again').getAttribute('data-same'), 'true')
    await look('made again')

    step('parts sound together, and each is there')
    await page.getByRole('link', { name: 'Use as a preset' }).click()
    await page.waitForURL(/\/create\/words/)
    await waitUntil(async () => (await prompt.inputValue()).startsWith('rain'), 'the preset does not fill in the form')
    await page.getByRole('button', { name: /Sections, parts, tempo and key/ }).click()
    await page.getByRole('radio', { name: 'Parts' }).check()
    await page.getByRole('textbox', { name: 'What Drums is to be' }).fill('drums')
    await page.getByRole('textbox', { name: 'What Bass is to be' }).fill('bass')
    await page.getByRole('spinbutton', { name: 'Tempo (BPM)' }).fill('120')
    await page.getByRole('spinbutton', { name: 'How many' }).fill('1')
    await look('parts')
    await page.getByRole('button', { name: 'Make 1 sound' }).click()
    await page.waitForURL((url) => url.searchParams.get('made') !== null)
    await waitUntil(async () => (await cards.count()) === 1, 'the sum does not appear')
    await page.locator('[data-number="1"] [data-main]').focus()
    await page.keyboard.press('r')
    await page.getByRole('dialog').getByRole('link', { name: 'Bass' }).waitFor()
    await look('parts of a sound')
    await page.keyboard.press('Escape')

    step('a folder that is gone is said, and nothing else breaks')
    await rm(weights, { recursive: true })
    await page.getByRole('button', { name: 'Make 1 sound' }).click()
    await page.getByText(/could not be looked through/).first().waitFor()
    await look('weights gone')
    await rm(home, { recursive: true })
  },

  async 'an engine is added, is well, and makes sounds'({ page, studio, look, step }) {
    const home = await mkdtemp(join(tmpdir(), 'maquette-engine-'))
    const folder = join(home, 'tones')
    await cp(new URL('../../../../examples/engine', import.meta.url), folder, { recursive: true })

    step('it is added once its terms are accepted')
    await page.goto(`${studio.url}/models`)
    await page.getByRole('link', { name: 'Engines' }).click()
    await page.getByRole('heading', { name: 'No engines yet' }).waitFor()
    await look('no engines')
    await page.getByRole('textbox', { name: 'Folder' }).fill(folder)
    await page.getByRole('button', { name: 'Start it and ask' }).click()
    await page.getByText(/^Tones 1.0 answered in/).waitFor()
    const add = page.getByRole('button', { name: 'Add its models to the library' })
    assert.equal(await add.isDisabled(), true, 'it can be added before its terms are accepted')
    await page.getByRole('checkbox', { name: 'I have read these terms and accept them' }).check()
    await look('what it runs')
    await add.click()

    step('it is listed, and asked how it is')
    await page.getByRole('heading', { level: 2, name: 'Tones' }).waitFor()
    await page.getByRole('button', { name: 'Check', exact: true }).click()
    await page.getByText(/^Answered in/).waitFor()
    await look('well')
    await page.setViewportSize({ width: 390, height: 844 })
    await look('narrow')
    await page.setViewportSize({ width: 1280, height: 900 })

    step('its model makes a sound')
    await page.getByRole('link', { name: 'Tones' }).click()
    await page.getByRole('link', { name: 'Make sounds from words' }).click()
    await page.getByRole('textbox', { name: 'What is it to be?' }).fill('one two three')
    await page.getByRole('spinbutton', { name: 'Seconds' }).fill('1')
    await page.getByRole('spinbutton', { name: 'How many' }).fill('1')
    await page.getByRole('spinbutton', { name: 'How many' }).press('Enter')
    await page.waitForURL(/made=/)
    await waitUntil(async () => (await page.locator('[data-number]').count()) === 1, 'the sound does not appear')
    await look('a sound')

    step('one that does not work any more is said to')
    await writeFile(join(folder, 'tones.mjs'), 'process.exit(3)')
    await page.goto(`${studio.url}/models/engines`)
    await page.getByRole('button', { name: 'Check', exact: true }).click()
    await page.getByText(/Does not work: It ended with exit status: 3/).waitFor()
    await look('does not work')

    step('it is removed')
    await page.getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByRole('heading', { name: 'No engines yet' }).waitFor()
    assert.deepEqual(await studio.ask('GET', '/api/engines'), [])
    await rm(home, { recursive: true })
  },
})

async function lookInto(page, folder) {
  const field = page.getByRole('textbox', { name: 'Folder' })
  await field.fill(folder)
  await page.getByRole('button', { name: 'Look into the folder' }).click()
}

async function waitUntil(is, otherwise) {
  for (let i = 0; i < 600; i += 1) {
    if (await is()) return
    await new Promise((done) => setTimeout(done, 100))
  }
  assert.fail(otherwise)
}
