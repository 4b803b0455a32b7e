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
    await page.getByTestId('run-summary').getByText('parameters').first().waitFor()
    await look('new run')
    await page.getByLabel('Minutes of training').fill('30')
    await page.getByRole('button', { name: 'Start training' }).click()
    await page.getByRole('tab', { name: 'Overview' }).waitFor()
    assert(Date.now() - began < 30_000, 'starting took more than 30 seconds')

    step('curves grow and a sound is reconstructed')
    await page.locator('[data-testid=job-card][data-state=running]').waitFor({ timeout: 60_000 })
    const losses = page.getByRole('slider', { name: 'Cursor on Reconstruction losses' })
    await losses.waitFor({ timeout: 60_000 })
    const first = await stepOf(losses)
    await waitUntil(async () => (await stepOf(losses)) > first + 5, 'the curves do not grow')
    const compare = page.getByRole('region', { name: /^Comparison of/ })
    const place = compare.getByRole('slider', { name: /^Position in/ })
    await place.waitFor({ timeout: 120_000 })
    for (const text of ['Learning rate', 'CPU', 'Memory', 'Validation distance']) await page.getByText(text, { exact: true }).first().waitFor()
    const hero = page.getByTestId('job-card')
    for (const text of [/^\d+%$/, / left$/, / elapsed$/, / steps\/s$/]) await hero.getByText(text).waitFor()
    await look('overview')

    step('how far it is and how it sounds come before anything else')
    const [far, sound, charts] = await Promise.all([hero, page.getByRole('region', { name: 'Newest reconstruction' }), losses].map(async (part) => (await part.boundingBox()).y))
    assert(far < sound && sound < charts, `the hero is at ${far}, the sound at ${sound}, the charts at ${charts}`)

    step('the sample is heard, and A and B switch without a stop')
    await compare.getByRole('button', { name: 'Play', exact: true }).click()
    const player = page.getByRole('region', { name: 'Player' })
    await waitUntil(async () => (await levelOf(player)) > SILENCE_DB, 'nothing is heard')
    await page.getByRole('heading', { level: 1 }).click()
    await page.keyboard.press('x')
    assert(await player.getByRole('radio', { name: 'Reconstruction' }).isChecked())
    await player.getByRole('button', { name: 'Pause' }).waitFor()
    await page.keyboard.press('a')
    assert(await player.getByRole('radio', { name: 'Original' }).isChecked())
    // Space is the player's, also when a chosen sound has the focus.
    await player.getByRole('radio', { name: 'Original' }).focus()
    await page.keyboard.press('Space')
    await player.getByRole('button', { name: 'Play', exact: true }).waitFor()

    step('a loop is dragged on the ruler, pulled at its ends, steered by keys, and cleared')
    const start = compare.getByRole('slider', { name: 'Loop start' })
    const end = compare.getByRole('slider', { name: 'Loop end' })
    const now = async (handle) => Number(await handle.getAttribute('aria-valuenow'))
    await place.scrollIntoViewIfNeeded()
    const box = await place.boundingBox()
    await dragTo(page, [box.x + box.width * 0.3, box.y - 14], [box.x + box.width * 0.7, box.y - 14])
    await start.waitFor()
    const all = Number(await place.getAttribute('aria-valuemax'))
    assert(Math.abs((await now(start)) - 0.3 * all) < 0.02 * all, `the loop begins at ${await now(start)} of ${all}`)
    assert(Math.abs((await now(end)) - 0.7 * all) < 0.02 * all, `the loop ends at ${await now(end)} of ${all}`)
    assert.equal(await compare.getByRole('button', { name: 'Loop', exact: true }).getAttribute('aria-pressed'), 'true')
    const handle = await end.boundingBox()
    assert(handle.width >= 24 && handle.height >= 24, `a handle is ${handle.width} by ${handle.height}`)
    await dragTo(page, [handle.x + handle.width / 2, handle.y + 12], [handle.x + handle.width / 2 + box.width * 0.1, handle.y + 12])
    assert(Math.abs((await now(end)) - 0.8 * all) < 0.02 * all, `the loop ends at ${await now(end)} of ${all} after a drag`)
    const before = await now(start)
    await start.focus()
    await page.keyboard.press('Shift+ArrowLeft')
    assert((await now(start)) < before, 'an arrow does not move the start')
    await look('loop')
    await compare.getByRole('button', { name: / s$/ }).click()
    await page.getByRole('spinbutton', { name: 'Loop start' }).fill('0.25')
    await page.keyboard.press('Enter')
    await waitUntil(async () => Math.abs((await now(start)) - 0.25) < 1e-6, 'the typed start is not taken')
    await look('loop numbers')
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { level: 1 }).click()
    await page.keyboard.press('l')
    assert.equal(await compare.getByRole('button', { name: 'Loop', exact: true }).getAttribute('aria-pressed'), 'false')
    await start.focus()
    await page.keyboard.press('Escape')
    await start.waitFor({ state: 'detached' })

    step('a checkpoint and new reconstructions come when they are asked for')
    const nSamples = (await studio.ask('GET', `/api/runs/${runOf(page)}`)).samples.length
    await page.getByRole('button', { name: 'Save checkpoint' }).click()
    await page.getByRole('button', { name: 'Reconstruct now' }).click()
    await page.getByRole('button', { name: 'Add to library' }).waitFor({ timeout: 60_000 })
    await waitUntil(async () => Number.parseInt(await page.getByRole('tab', { name: /^Reconstructions/ }).locator('.num').textContent(), 10) > nSamples, 'no new reconstruction came')

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
    await page.getByRole('tab', { name: /^Reconstructions/ }).click()
    await place.waitFor()
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
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await page.locator('[data-testid=job-card][data-state=stopped]').waitFor({ timeout: 120_000 })
    const stopped = (await studio.ask('GET', `/api/runs/${runOf(page)}`)).checkpoints.at(-1)
    await look('stopped')

    step('resume goes on from it, and the losses continue')
    await page.getByRole('button', { name: `Resume from step ${stopped.step.toLocaleString('en-GB')}` }).click()
    await page.locator('[data-testid=job-card][data-state=running]').waitFor({ timeout: 60_000 })
    await waitUntil(async () => (await stepOf(losses)) > stopped.step, 'the curves do not continue')
    const { curves } = await studio.ask('GET', `/api/runs/${runOf(page)}/curves?names=loss_total`)
    assert.deepEqual(curves[0].steps, [...new Set(curves[0].steps)].sort((a, b) => a - b), 'steps of the curve do not rise')
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await page.locator('[data-testid=job-card][data-state=stopped]').waitFor({ timeout: 120_000 })

    step('best is a checkpoint that there is')
    const kept = (await studio.ask('GET', `/api/runs/${runOf(page)}`)).checkpoints.find((one) => one.is_best)
    await page.getByText(`at step ${kept.step.toLocaleString('en-GB')}`).first().waitFor()

    step('the model goes into the library')
    const run = runOf(page)
    await page.getByRole('button', { name: 'Add to library', exact: true }).click()
    await page.getByRole('heading', { name: 'Hear it' }).waitFor()
    await page.getByRole('button', { name: 'Files and checksums' }).click()
    await page.getByText(dataset.summary.hash.slice(0, 16)).waitFor()
    await look('model')

    step('a dropped file is reconstructed and compared')
    await page.locator('input[type=file]').setInputFiles({ name: 'a tone.wav', mimeType: 'audio/wav', buffer: tone(2) })
    await page.getByRole('link', { name: 'Download reconstruction' }).waitFor({ timeout: 60_000 })
    await place.waitFor()
    await compare.getByRole('button', { name: 'Play', exact: true }).click()
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
    const made = page.getByRole('region', { name: 'Reconstructions' }).getByRole('listitem')
    await made.nth(1).waitFor()
    const reconstructions = async () => (await studio.ask('GET', `/api/models/${runOf(page)}`)).reconstructions
    await waitUntil(async () => (await reconstructions()).every((one) => one.result), 'the second one is not done')

    step('one that fails is said, and the last good one stays to be heard')
    await page.locator('input[type=file]').setInputFiles({ name: 'broken.wav', mimeType: 'audio/wav', buffer: Buffer.from('this is no sound') })
    await page.getByTestId('reconstruction-job').getByTestId('problem').waitFor({ timeout: 60_000 })
    await compare.getByRole('button', { name: /^(Play|Pause)$/ }).waitFor()
    await look('reconstruction failed')
    await page.getByRole('button', { name: 'Delete the reconstruction of broken.wav' }).click()
    await page.getByTestId('reconstruction-job').waitFor({ state: 'detached' })

    step('a reconstruction is deleted and brought back')
    const deleteSound = page.getByRole('button', { name: 'Delete the reconstruction of' })
    await deleteSound.first().click()
    await waitUntil(async () => (await deleteSound.count()) === 1, 'it is still there')
    await page.getByRole('button', { name: 'Undo' }).last().click()
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
    await page.getByTestId('run-summary').getByText('parameters').first().waitFor()
    const start = page.getByRole('button', { name: 'Start training' })
    await page.getByLabel('Minutes of training').fill('0')
    await page.getByText('Enter a number above 0.').waitFor()
    assert(await start.isDisabled())
    await page.getByLabel('Minutes of training').fill('0.5')
    await waitUntil(() => start.isEnabled(), 'half a minute is refused')
    await page.getByRole('button', { name: /^All settings/ }).click()
    await page.getByRole('textbox', { name: 'Excerpt length' }).fill('40000')
    await page.getByTestId('problem').waitFor()
    assert(await page.getByRole('button', { name: 'Start training' }).isDisabled())
    await page.getByText('Fix the highlighted settings.').waitFor()
    await look('wrong setting')

    step('a training that would not fit is warned of, and an advice is one click')
    const asked = []
    await page.route('**/api/runs/check', async (route) => {
      const order = route.request().postDataJSON()
      asked.push(order)
      if (order.settings.n_signal === 40_000) return route.fallback()
      const answer = await route.fetch()
      const isSmall = order.settings.batch_size === 2
      const memory = isSmall
        ? { phase_bytes: [4e9, 5.2e9], free_bytes: 8e9, level: 'fits', advice: [] }
        : { phase_bytes: [6e9, 9.1e9], free_bytes: 8e9, level: 'too_large', advice: [{ title: 'Batch size 2', settings: { batch_size: 2 }, memory_bytes: 5.2e9 }] }
      await route.fulfill({ response: answer, json: { ...(await answer.json()), memory } })
    })
    await page.reload()
    const memory = page.getByTestId('memory')
    await memory.getByText('more memory than is free').waitFor()
    await look('too large')
    await memory.getByRole('button', { name: /^Use batch size 2 \(about 5\.2.GB\)$/ }).click()
    await page.locator('[data-testid=memory][data-level=fits]').waitFor()
    assert.equal(asked.at(-1).settings.batch_size, 2)
    await page.unroute('**/api/runs/check')

    step('the summary and the button are in sight, on a narrow window the button')
    for (const [width, height] of [[1280, 700], [320, 640]]) {
      await page.setViewportSize({ width, height })
      for (const to of [0, 1]) {
        await page.evaluate((share) => document.querySelector('main').scrollTo(0, share * 1e6), to)
        const { y, height: tall } = await start.boundingBox()
        assert(y >= 0 && y + tall <= height, `the button is at ${y} of ${height}, ${width} wide`)
      }
      await look(`new run ${width} wide`)
    }
    await page.setViewportSize({ width: 1280, height: 900 })

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

/** Drags with the mouse from one place to another. */
async function dragTo(page, [fromX, fromY], [toX, toY]) {
  await page.mouse.move(fromX, fromY)
  await page.mouse.down()
  await page.mouse.move((fromX + toX) / 2, toY, { steps: 4 })
  await page.mouse.move(toX, toY, { steps: 4 })
  await page.mouse.up()
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
