// Export: a model leaves in another form; its checks are read, its place is copied, it goes and comes back.

import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'

import { travel } from './harness.mjs'

await travel({
  async 'nothing to export yet'({ page, studio, look, step }) {
    step('without models the way leads to the runs')
    await page.goto(`${studio.url}/exports`)
    await page.getByRole('heading', { name: 'No exports yet' }).waitFor()
    await page.getByRole('link', { name: 'Go to models' }).waitFor()
    await look('no exports')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('Export a model')
    await page.getByRole('option', { name: 'Export a model' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'No model to export yet' }).waitFor()
    await page.getByRole('link', { name: 'Go to runs' }).waitFor()
    await look('no models')

    step('an export that is gone is said to be')
    await page.goto(`${studio.url}/exports/nothing-123456`)
    await page.getByTestId('problem').waitFor()
    await look('gone')
  },

  async 'a model leaves in the forms of its players'({ page, studio, look, step }) {
    const model = await quickModel(studio)
    const summary = page.getByTestId('export-summary')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: studio.url })

    step('one key opens the wizard, and the arrows answer its question')
    await page.goto(`${studio.url}/models/${model.id}`)
    await page.getByRole('heading', { name: 'Hear it' }).waitFor()
    await page.keyboard.press('e')
    await page.getByRole('heading', { level: 1, name: 'Export a model' }).waitFor()
    assert.equal((await page.getByLabel('Model', { exact: true }).textContent()).trim(), model.name)
    await summary.getByText(`${model.stem}.ts`).waitFor()
    await summary.getByText('Live, block by block').waitFor()
    await look('wizard')
    const max = page.getByRole('radio', { name: 'Max or Pure Data' })
    await max.focus()
    await page.keyboard.press('ArrowDown')
    await page.getByText('Processes a sound from start to end').waitFor()
    await look('wizard code')
    for (const target of ['maq', 'safetensors']) {
      await page.keyboard.press('ArrowDown')
      await page.waitForURL((url) => url.searchParams.get('to') === target)
    }
    await summary.getByText(`${model.stem}.safetensors`).waitFor()
    await look('wizard weights')

    step('it is made, and its checks are read')
    await page.getByRole('button', { name: 'Export', exact: true }).focus()
    await page.keyboard.press('Enter')
    const checks = page.getByRole('region', { name: 'Checks' })
    await checks.getByText('every weight is').waitFor({ timeout: 60_000 })
    assert.equal(await checks.getByRole('listitem').filter({ hasText: 'Passed' }).count(), 2)
    const files = page.getByRole('region', { name: 'Files' })
    await files.getByText(`${model.stem}.safetensors`, { exact: true }).waitFor()
    await look('export')

    step('its place is copied, and its file taken')
    const { folder } = await studio.ask('GET', `/api/exports/${idOf(page)}`)
    await page.getByRole('button', { name: 'Copy path', exact: true }).click()
    assert.equal(await copied(page), folder)
    await files.getByRole('button', { name: 'Copy the path of' }).click()
    assert(existsSync(await copied(page)), 'there is no file at the copied path')
    const [taken] = await Promise.all([page.waitForEvent('download'), files.getByRole('link', { name: 'Download' }).click()])
    assert.equal(taken.suggestedFilename(), `${model.stem}.safetensors`)

    step('a folder that cannot be shown is a message in words')
    await page.route('**/api/exports/*/open', (route) =>
      route.fulfill({ status: 409, json: { code: 'no_screen', what: 'The folder cannot be shown.', why: 'Maquette runs without a screen.', remedy: 'Copy its path, and open it yourself.' } }),
    )
    await page.getByRole('button', { name: 'Open folder' }).click()
    await page.getByRole('region', { name: 'Messages' }).getByText('Copy its path').waitFor()

    step('it is deleted, and brought back')
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('heading', { name: 'No exports yet' }).waitFor()
    await page.keyboard.press('Control+z')
    const library = page.getByRole('grid', { name: 'Exports' })
    await library.waitFor()
    await page.getByText('Undone').first().waitFor()

    step('exported again, for nn~: fewer latents, by the advanced choices')
    await page.keyboard.press('n')
    await page.getByRole('heading', { level: 1, name: 'Export a model' }).waitFor()
    await page.getByRole('button', { name: 'Live on stage' }).click()
    await page.waitForURL((url) => url.searchParams.get('fidelity') === '0.95')
    await summary.getByText(/^\d+ of \d+ latent variables$/).waitFor()
    await page.getByRole('button', { name: 'More options' }).click()
    await page.getByRole('radio', { name: 'A number' }).check()
    const number = page.getByRole('textbox', { name: 'Number of latent variables' })
    await number.fill('1000')
    await page.getByText(/^Enter a number from 1 to/).waitFor()
    assert(await page.getByRole('button', { name: 'Export', exact: true }).isDisabled())
    await look('wizard wrong number')
    await number.fill('4')
    await choose(page, 'Block size for the speed test', /^512 samples/)
    await look('wizard advanced')

    step('what the studio says of a choice stands at its field')
    const wrong = { code: 'invalid', what: 'The value of `latents` cannot be used.', fields: [{ key: 'latents', message: 'choose fewer' }] }
    await page.route('**/api/exports', (route) => (route.request().method() === 'POST' ? route.fulfill({ status: 422, json: wrong }) : route.fallback()))
    await page.getByRole('button', { name: 'Export', exact: true }).click()
    await page.getByText('choose fewer').first().waitFor()
    await page.unroute('**/api/exports')

    step('Back leads to the choices again')
    await number.fill('5')
    await page.getByRole('button', { name: 'Export', exact: true }).click()
    await page.waitForURL(/\/exports\//)
    await page.goBack()
    await page.waitForURL((url) => url.searchParams.get('latents') === '5')
    await page.goForward()

    step('the module is checked and timed')
    await checks.getByRole('listitem').nth(2).waitFor({ timeout: 120_000 })
    await page.getByText('Largest difference').waitFor()
    await page.getByText(`nn~ ${model.stem} forward`).first().waitFor()
    await look('module')

    step('the library tells them apart')
    await page.goto(`${studio.url}/exports`)
    await library.waitFor()
    assert.equal(await library.getAttribute('aria-rowcount'), '3')
    await look('library')
    await choose(page, 'For', 'Weights for PyTorch')
    await page.waitForFunction(() => document.querySelector('[role=grid]').getAttribute('aria-rowcount') === '2')
    assert(page.url().endsWith('?for=safetensors'))
    await library.focus()
    await page.keyboard.press('Enter')
    await checks.waitFor()

    step('a model that is gone is not replaced by another')
    await page.goto(`${studio.url}/export?model=gone-123456`)
    await page.getByText('This model is no longer in the library').waitFor()
    assert(await page.getByRole('button', { name: 'Export', exact: true }).isDisabled())
    await look('wizard without its model')
    await choose(page, 'Model', model.name)
    await summary.getByText(model.stem).waitFor()

    step('it all fits a narrow window')
    await page.setViewportSize({ width: 320, height: 800 })
    await look('narrow export')
    await page.goto(`${studio.url}/exports`)
    await library.waitFor()
    await look('narrow library')
    for (const to of ['torchscript', 'maq']) {
      await page.goto(`${studio.url}/export?model=${model.id}&to=${to}`)
      await summary.getByText(model.stem).waitFor()
      await look(`narrow wizard ${to}`)
    }
    await page.getByRole('combobox', { name: 'License' }).fill('CC BY 4.0')
    await summary.getByText('CC BY 4.0').waitFor()
    await page.goto(`${studio.url}/models/${model.id}`)
    await page.getByRole('link', { name: 'Export…' }).waitFor()
    await look('narrow model')
  },
})

/** A model of a few steps on the sample sounds: good enough to leave. */
async function quickModel(studio) {
  const dataset = await studio.ask('POST', '/api/datasets', { source: { from: 'samples' } })
  await waitUntil(async () => (await studio.ask('GET', `/api/datasets/${dataset.id}`)).summary, 'the dataset does not get done')
  const order = { dataset: dataset.id, family: 'rave', preset: 'sketch', switches: [], settings: {}, seed: 0, limit: { until: 'steps', steps: 20 } }
  const run = await studio.ask('POST', '/api/runs', order)
  await waitUntil(async () => (await studio.ask('GET', `/api/runs/${run.id}`)).job.state.state === 'done', 'the run does not get done')
  const { id } = await studio.ask('POST', '/api/models', { run: run.id })
  const { name } = await studio.ask('PATCH', `/api/models/${id}`, { name: 'Small bells' })
  return { id, name, stem: 'Small_bells' }
}

/** Chooses an option of a list of our own. */
async function choose(page, label, name) {
  await page.getByLabel(label, { exact: true }).click()
  await page.getByRole('option', { name }).first().click()
}

function idOf(page) {
  return new URL(page.url()).pathname.split('/').at(-1)
}

function copied(page) {
  return page.evaluate(() => navigator.clipboard.readText())
}

async function waitUntil(isSo, otherwise) {
  for (let i = 0; i < 300; i++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(otherwise)
}
