// The main job: train on the sample sounds, watch and hear it, stop, resume, keep a model, test it.

import { strict as assert } from 'node:assert'

import { tone, travel } from './harness.mjs'

/** Silence, in dB; whatever is louder was heard. */
const SILENCE_DB = -100

await travel({
  async 'train, hear, resume, keep and test a model'({ page, studio, look, step }) {
    const dataset = await datasetOfSamples(studio)

    step('training starts in three clicks from the dataset')
    const began = Date.now()
    await page.goto(`${studio.url}/datasets/${dataset.id}`)
    await page.getByRole('link', { name: 'Train' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'New run' }).waitFor()
    await page.getByText('samples a frame').waitFor()
    await look('new run')
    await page.getByLabel('Minutes of training').fill('30')
    await page.getByRole('button', { name: 'Start training' }).click()
    await page.getByRole('tab', { name: 'Overview' }).waitFor()
    assert(Date.now() - began < 30_000, 'starting took more than 30 seconds')

    step('curves grow and a sound is rendered')
    await page.locator('[data-testid=job-card][data-state=running]').waitFor({ timeout: 60_000 })
    const losses = page.getByRole('slider', { name: 'Cursor on Losses' })
    await losses.waitFor({ timeout: 60_000 })
    const first = await stepOf(losses)
    await waitUntil(async () => (await stepOf(losses)) > first + 5, 'the curves do not grow')
    const compare = page.getByRole('region', { name: /^Comparison of/ })
    await compare.getByRole('slider').waitFor({ timeout: 120_000 })
    for (const text of ['Learning rate', 'Processor', 'Memory', 'Elapsed', 'Time left', 'Rate']) await page.getByText(text, { exact: true }).first().waitFor()
    await look('overview')

    step('the sample is heard, and A and B switch without a stop')
    await compare.getByRole('button', { name: 'Play' }).click()
    const player = page.getByRole('region', { name: 'Player' })
    await waitUntil(async () => (await levelOf(player)) > SILENCE_DB, 'nothing is heard')
    await page.getByRole('heading', { level: 1 }).click()
    await page.keyboard.press('x')
    assert(await player.getByRole('radio', { name: 'Rendered' }).isChecked())
    await player.getByRole('button', { name: 'Pause' }).waitFor()
    await page.keyboard.press('a')
    assert(await player.getByRole('radio', { name: 'Original' }).isChecked())
    await page.keyboard.press('Space')
    await player.getByRole('button', { name: 'Play', exact: true }).waitFor()

    step('a checkpoint and new samples come when they are asked for')
    const nSamples = (await studio.ask('GET', `/api/runs/${runOf(page)}`)).samples.length
    await page.getByRole('button', { name: 'Checkpoint now' }).click()
    await page.getByRole('button', { name: 'Render samples now' }).click()
    await page.getByRole('button', { name: 'Add to models' }).waitFor({ timeout: 60_000 })
    await waitUntil(async () => Number.parseInt(await page.getByRole('tab', { name: /^Samples/ }).locator('.num').textContent(), 10) > nSamples, 'no new sample came')

    step('every tab shows its part')
    await page.getByRole('tab', { name: 'Metrics' }).click()
    const chart = page.getByRole('slider', { name: 'Cursor on Total loss' })
    await chart.focus()
    await page.keyboard.press('Home')
    assert.match(await chart.getAttribute('aria-valuetext'), /^Step \d+: /)
    await page.getByRole('slider', { name: 'Smoothing' }).fill('0.6')
    await page.getByRole('button', { name: 'View as table: Total loss' }).click()
    await page.getByRole('columnheader', { name: 'Total loss' }).waitFor()
    await look('metrics')
    await page.getByRole('tab', { name: /^Samples/ }).click()
    await compare.getByRole('slider').waitFor()
    await look('samples')
    await page.getByRole('tab', { name: 'Log' }).click()
    await page.getByText('started, version').waitFor()
    await look('log')
    await page.getByRole('tab', { name: 'Settings' }).click()
    await page.getByText(dataset.summary.hash).waitFor()
    await look('settings')
    await page.reload()
    await page.getByText(dataset.summary.hash).waitFor()

    step('stop keeps a checkpoint')
    await page.getByRole('tab', { name: 'Overview' }).click()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.locator('[data-testid=job-card][data-state=stopped]').waitFor({ timeout: 120_000 })
    const stopped = (await studio.ask('GET', `/api/runs/${runOf(page)}`)).checkpoints.at(-1)
    await look('stopped')

    step('resume goes on from it, and the losses continue')
    await page.getByRole('button', { name: `Resume from step ${stopped.step.toLocaleString('en-GB')}` }).click()
    await page.locator('[data-testid=job-card][data-state=running]').waitFor({ timeout: 60_000 })
    await waitUntil(async () => (await stepOf(losses)) > stopped.step, 'the curves do not continue')
    const { curves } = await studio.ask('GET', `/api/runs/${runOf(page)}/curves?names=loss_total`)
    assert.deepEqual(curves[0].steps, [...new Set(curves[0].steps)].sort((a, b) => a - b), 'steps of the curve do not rise')
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.locator('[data-testid=job-card][data-state=stopped]').waitFor({ timeout: 120_000 })

    step('the model goes into the library')
    const run = runOf(page)
    await page.getByRole('button', { name: 'Add to models' }).click()
    await page.getByRole('heading', { name: 'Test it' }).waitFor()
    await page.getByText(dataset.summary.hash.slice(0, 16)).waitFor()
    await look('model')

    step('a dropped file is reconstructed and compared')
    await page.locator('input[type=file]').setInputFiles({ name: 'a tone.wav', mimeType: 'audio/wav', buffer: tone(2) })
    await page.getByRole('link', { name: 'Download reconstruction' }).waitFor({ timeout: 60_000 })
    await compare.getByRole('slider').waitFor()
    await compare.getByRole('button', { name: 'Play' }).click()
    await waitUntil(async () => (await levelOf(player)) > SILENCE_DB, 'nothing is heard')
    assert(await compare.getByRole('radio', { name: 'Reconstruction' }).isVisible())
    await look('reconstruction')

    step('it all fits a narrow window')
    await page.setViewportSize({ width: 320, height: 800 })
    await look('narrow model')
    const model = page.url()
    for (const tab of ['', '?tab=metrics', '?tab=samples', '?tab=log', '?tab=settings']) {
      await page.goto(`${studio.url}/runs/${run}${tab}`)
      await page.getByRole('tabpanel').waitFor()
      await look(`narrow run ${tab}`)
    }
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.goto(model)

    step('so is a held-out sound of the dataset')
    await page.getByRole('button', { name: 'Reconstruct', exact: true }).click()
    await page.getByRole('listitem').nth(1).waitFor()
    await waitUntil(async () => (await page.locator('[data-state=done]').count()) === 2, 'the second one is not done')

    step('a reconstruction is deleted and brought back')
    const deleteSound = page.getByRole('button', { name: 'Delete the reconstruction of' })
    await deleteSound.first().click()
    await waitUntil(async () => (await deleteSound.count()) === 1, 'it is still there')
    await page.getByRole('button', { name: 'Undo' }).click()
    await waitUntil(async () => (await deleteSound.count()) === 2, 'it does not come back')

    step('lists show both, and deleting can be undone')
    await page.getByRole('button', { name: 'Delete', exact: true }).first().click()
    await page.getByRole('heading', { name: 'No models yet' }).waitFor()
    await page.keyboard.press('Control+z')
    await page.getByRole('grid', { name: 'Models' }).waitFor()
    await look('models')
    await page.goto(`${studio.url}/runs`)
    await page.getByRole('grid', { name: 'Runs' }).waitFor()
    await look('runs')
  },

  async 'what cannot be trained is said before the start'({ page, studio, look, step }) {
    step('without a dataset the next step is to make one')
    await page.goto(`${studio.url}/runs`)
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor()
    await look('no runs')
    await page.goto(`${studio.url}/runs/new`)
    await page.getByRole('link', { name: 'New dataset' }).waitFor()
    await look('no datasets')

    step('a wrong setting is told at its field, and what would do is offered')
    await datasetOfSamples(studio)
    await page.reload()
    await page.getByText('samples a frame').waitFor()
    await page.getByText('All settings').click()
    await page.getByRole('textbox', { name: 'Excerpt length' }).fill('40000')
    await page.getByTestId('problem').waitFor()
    assert(await page.getByRole('button', { name: 'Start training' }).isDisabled())
    await look('wrong setting')

    step('models are empty too')
    await page.goto(`${studio.url}/models`)
    await page.getByRole('heading', { name: 'No models yet' }).waitFor()
    await look('no models')
  },
})

/** The built-in sample sounds as a whole dataset. */
async function datasetOfSamples(studio) {
  const { id } = await studio.ask('POST', '/api/datasets', { source: { from: 'samples' } })
  let dataset
  await waitUntil(async () => {
    dataset = await studio.ask('GET', `/api/datasets/${id}`)
    return dataset.summary
  }, 'the dataset does not get done')
  return dataset
}

function runOf(page) {
  return new URL(page.url()).pathname.split('/').at(-1)
}

async function stepOf(chart) {
  return Number(await chart.getAttribute('aria-valuenow'))
}

async function levelOf(player) {
  return Number(await player.getByRole('meter').getAttribute('aria-valuenow'))
}

async function waitUntil(isSo, otherwise) {
  for (let i = 0; i < 300; i++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(otherwise)
}
