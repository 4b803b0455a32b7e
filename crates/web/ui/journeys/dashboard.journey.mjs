// The dashboard: a run whose process was killed, and a dataset from another workspace.

import { strict as assert } from 'node:assert'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { travel } from './harness.mjs'

await travel({
  async 'a killed training is seen and resumed'({ page, studio, look, step }) {
    const dataset = await datasetOfSamples(studio)
    const { id } = await studio.ask('POST', '/api/runs', { dataset, limit: { until: 'minutes', minutes: 30 } })

    step('the dashboard shows it as it goes on')
    await page.goto(studio.url)
    const card = page.locator(`[data-testid=job-card][data-job="${id}"]`)
    await card.getByText(/^\d+ steps/).waitFor({ timeout: 60_000 })
    await page.waitForFunction(() => document.querySelector('link[rel=icon]').href.startsWith('data:'))
    await look('running')

    step('its process is killed: it needs a person, and says why')
    const started = (await studio.ask('GET', `/api/runs/${id}/events?after=0&limit=1`))[0]
    process.kill(started.pid, 'SIGKILL')
    await page.getByRole('heading', { name: 'Needs your attention' }).waitFor()
    assert.equal(await card.getAttribute('data-state'), 'interrupted')
    await look('interrupted')

    step('one click goes on with it')
    await card.getByRole('button', { name: 'Resume' }).click()
    await page.locator(`[data-testid=job-card][data-job="${id}"][data-state=running]`).waitFor({ timeout: 60_000 })
    await page.getByRole('heading', { name: 'Needs your attention' }).waitFor({ state: 'detached' })
    await card.getByRole('button', { name: 'Stop' }).click()
    await card.waitFor({ state: 'detached', timeout: 60_000 })
    await page.getByText('Stopped', { exact: true }).waitFor()
  },

  async 'a dataset from another workspace'({ page, studio, look, step }) {
    const dataset = await datasetOfSamples(studio)
    const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'))
    cpSync(join(studio.workspace, 'projects/default/datasets', dataset), join(elsewhere, 'old'), { recursive: true })
    await studio.ask('DELETE', `/api/datasets/${dataset}`)

    step('a folder that is nothing of ours is refused in words')
    await page.goto(studio.url)
    await page.getByRole('link', { name: 'Import', exact: true }).first().click()
    await page.getByRole('radio', { name: 'Another Maquette workspace' }).check()
    const path = page.getByRole('textbox', { name: 'Folder' })
    await path.fill(elsewhere)
    await path.press('Enter')
    await page.getByRole('button', { name: 'old', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Import this folder' }).click()
    await page.getByTestId('problem').waitFor()
    await look('refused')

    step('the right one is taken in')
    await page.getByRole('button', { name: 'old', exact: true }).click()
    await page.getByRole('list', { name: `Contents of ${join(elsewhere, 'old')}` }).waitFor()
    await page.getByRole('button', { name: 'Import this folder' }).click()
    await page.getByRole('grid', { name: 'Files' }).waitFor()
    await look('imported')
    rmSync(elsewhere, { recursive: true })
  },
})

/** The built-in sample sounds as a whole dataset; gives its identifier. */
async function datasetOfSamples(studio) {
  const { id } = await studio.ask('POST', '/api/datasets', { source: { from: 'samples' } })
  for (;;) {
    const { summary } = await studio.ask('GET', `/api/datasets/${id}`)
    if (summary) return id
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
