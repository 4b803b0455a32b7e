// Composing what to train: a preset, switches over it, single settings; kept, passed on and compared.

import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'

import { travel } from './harness.mjs'

await travel({
  async 'compose, compare, keep and start from a preset'({ page, studio, look, step }) {
    await datasetOfSamples(studio)
    const latency = page.getByTestId('run-summary').locator('dt', { hasText: 'Latency' }).locator('xpath=following-sibling::dd[1]')
    const differing = page.getByRole('region', { name: 'Changes from the defaults' }).first()
    const row = (key) => differing.locator(`tr[data-knob=${key}]`)

    step('a few steps tell how long a training takes; RAVE v2 is a choice among others, and says what it costs')
    await page.goto(`${studio.url}/runs/new`)
    await latency.waitFor()
    await page.getByRole('button', { name: 'Estimate training time' }).click()
    await page.getByText(/^About .*(phase 1)/).waitFor({ timeout: 120_000 })
    await page.getByText(/Measured /).waitFor()
    await look('measured')
    await page.getByRole('button', { name: /^RAVE/ }).click()
    await page.locator('input[type=radio][value=v2]').check()
    await page.getByRole('button', { name: 'More figures' }).click()
    await page.getByText('2,048 samples').waitFor()
    await page.getByRole('button', { name: 'Changes from the defaults' }).click()
    await row('capacity').getByText('RAVE v2').waitFor()
    const centred = await latency.textContent()
    await look('v2')

    step('the switch causal shortens the latency, and shows where')
    await page.getByRole('button', { name: /^Switches/ }).click()
    await page.getByRole('checkbox', { name: 'Causal', exact: true }).check()
    await row('padding').getByText('Causal', { exact: true }).waitFor()
    await latency.filter({ hasNotText: centred }).waitFor()
    assert(msOf(await latency.textContent()) < msOf(centred), `${await latency.textContent()} is not less than ${centred}`)

    step('the order of switches can be changed, and the later one wins')
    await page.getByRole('checkbox', { name: 'Wasserstein' }).check()
    await page.getByRole('checkbox', { name: 'Spherical' }).check()
    await row('regularization').getByText('spherical', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Move Spherical up' }).click()
    await row('regularization').getByText('wasserstein', { exact: true }).waitFor()
    assert.deepEqual(await page.getByRole('list', { name: 'Order of the switches' }).locator('.name').allTextContents(), ['Causal', 'Spherical', 'Wasserstein'])
    await look('switches')
    await page.getByRole('button', { name: 'Turn Spherical off' }).click()
    await page.getByRole('button', { name: 'Turn Wasserstein off' }).click()

    step('a setting of one\'s own is marked, refused where it is wrong, and put right')
    await page.getByRole('button', { name: /^All settings/ }).click()
    const excerpt = page.getByRole('textbox', { name: 'Excerpt length' })
    await excerpt.fill('65536')
    await page.locator('[data-knob=n_signal]').getByText('Changed').first().waitFor()
    await page.getByTestId('problem').waitFor()
    assert(await page.getByRole('button', { name: 'Save as preset' }).isDisabled())
    await page.getByRole('button', { name: /^Use / }).click()
    await page.getByTestId('problem').waitFor({ state: 'detached' })
    await look('settings')

    step('compared with the preset as it is, only what was changed differs')
    await page.getByRole('button', { name: 'Compare settings' }).click()
    await choose(page, 'Compare with', /^RAVE v2\s*Preset/)
    await page.getByText('2 settings differ.').waitFor()
    const compared = page.getByRole('region', { name: 'Settings that differ', exact: true })
    assert.deepEqual(await compared.locator('tbody tr').evaluateAll((rows) => rows.map((it) => it.dataset.knob).sort()), ['n_signal', 'padding'])
    await look('compared')

    step('it is kept as a preset, which is chosen then')
    await page.getByRole('button', { name: 'Save as preset' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    assert(await dialog.getByLabel('Name').evaluate((field) => field === document.activeElement), 'the name does not have the focus')
    await page.keyboard.type('My voice')
    await dialog.getByLabel('Description').fill('Soft and quick.')
    await look('save')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    const mine = page.getByRole('radio', { name: /^My voice/ })
    await mine.waitFor()
    assert(await mine.isChecked())
    await row('padding').getByText('Causal', { exact: true }).waitFor()
    await row('n_signal').getByText('My voice').waitFor()
    await page.getByText('v2 + causal').first().waitFor()
    await look('kept')

    step('it is passed on as a file, deleted, brought back, and taken in')
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export My voice' }).click()])
    const file = JSON.parse(await readFile(await download.path(), 'utf8'))
    assert.equal(file.kind, 'maquette_preset')
    await page.getByRole('button', { name: 'Rename My voice' }).click()
    await page.getByLabel('Name').last().fill('Her voice')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('button', { name: 'Delete Her voice' }).click()
    await page.getByRole('radio', { name: /^Her voice/ }).waitFor({ state: 'detached' })
    await page.keyboard.press('Control+z')
    await page.getByRole('radio', { name: /^Her voice/ }).waitFor()
    const input = page.locator('input[type=file]')
    await input.setInputFiles({ name: 'voice.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(file)) })
    await mine.waitFor()
    assert(await mine.isChecked())
    await input.setInputFiles({ name: 'gone.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify({ ...file, preset: 'v9' })) })
    await page.getByRole('region', { name: 'Messages' }).getByText('There is no preset').waitFor()

    step('what cannot be trained from it is refused, what can is started, and remembers what it is made of')
    const start = page.getByRole('button', { name: 'Start training' })
    await excerpt.fill('65536')
    await page.getByTestId('problem').waitFor()
    assert(await start.isDisabled())
    await page.locator('[data-knob=n_signal]').getByRole('button', { name: /^Reset to/ }).click()
    await page.getByTestId('problem').waitFor({ state: 'detached' })
    await page.getByRole('radio', { name: /^Sketch/ }).check()
    // A knob has the same name.
    await page.locator('.switch').getByRole('checkbox', { name: 'Noise synthesiser' }).check()
    await start.click()
    await page.getByRole('tab', { name: 'Settings' }).click()
    await page.getByTestId('composition').getByText('sketch + noise').waitFor()
    await page.getByRole('button', { name: 'Compare settings' }).click()
    await choose(page, 'Compare with', /^Sketch\s*Preset/)
    await page.getByText(/^\d+ settings? differs?\.|^The settings are the same\./).waitFor()
    await look('run settings')
  },
})

/** Chooses an option of a list of our own. */
async function choose(page, label, name) {
  await page.getByLabel(label, { exact: true }).click()
  await page.getByRole('option', { name }).first().click()
}

/** Milliseconds in `139 ms` or `1.2 s`. */
function msOf(text) {
  const value = Number.parseFloat(text)
  return /[^m]s$/.test(text.trim()) ? 1000 * value : value
}

/** The built-in sample sounds as a whole dataset. */
async function datasetOfSamples(studio) {
  const { id } = await studio.ask('POST', '/api/datasets', { source: { from: 'samples' } })
  for (let i = 0; i < 300; i++) {
    if ((await studio.ask('GET', `/api/datasets/${id}`)).summary) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('the dataset does not get done')
}
