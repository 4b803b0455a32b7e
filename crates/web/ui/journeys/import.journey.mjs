// Import: what acids-rave left is looked at, chosen, taken, and found again when its page was left.

import { strict as assert } from 'node:assert'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { lazyDataset } from './acids-rave.mjs'
import { tone, travel } from './harness.mjs'

await travel({
  async 'what cannot be imported'({ page, studio, look, step }) {
    const folder = mkdtempSync(join(tmpdir(), 'nothing-'))

    step('the keyboard chooses a folder, and an empty one is said to be that')
    await page.goto(`${studio.url}/models`)
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Import' }).click()
    const path = page.getByRole('textbox', { name: 'Folder', exact: true })
    await path.fill(folder)
    await path.press('Enter')
    await page.getByRole('list', { name: `Contents of ${folder}` }).waitFor()
    await look('choose')
    await page.getByRole('button', { name: 'Scan this folder' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Nothing to import here' }).waitFor()
    await look('nothing')

    step('the way back leads to the same folder')
    await page.getByRole('link', { name: 'Choose another folder' }).click()
    await page.getByRole('list', { name: `Contents of ${folder}` }).waitFor()
    assert.equal(await path.inputValue(), folder)

    step('a damaged checkpoint is named with its reason')
    writeFileSync(join(folder, 'broken.ckpt'), Buffer.alloc(5000, 'garbage'))
    await page.getByRole('button', { name: 'Scan this folder' }).click()
    const leftOut = page.getByRole('region', { name: 'Cannot be imported' })
    await leftOut.getByText('broken.ckpt').first().waitFor()
    assert.match(await leftOut.getByRole('listitem').innerText(), /failed to/i)
    await look('left out')

    step('a file of the folder can be chosen')
    await page.getByRole('link', { name: 'Choose another folder' }).click()
    await page.getByRole('list', { name: `Contents of ${folder}` }).waitFor()
    await page.getByRole('button', { name: /^broken\.ckpt/ }).click()
    await page.getByRole('button', { name: 'Scan this file' }).click()
    await leftOut.waitFor()
    assert(page.url().endsWith('broken.ckpt'))

    step('a path that leads nowhere is a problem in words')
    await page.goto(`${studio.url}/import?path=${encodeURIComponent(join(folder, 'nowhere'))}`)
    await page.getByTestId('problem').waitFor()
    await look('nowhere')
    rmSync(folder, { recursive: true })
  },

  async 'a dataset of acids-rave'({ page, studio, look, step }) {
    const folder = foreignFolder()

    step('what is there, and what becomes of it')
    await page.goto(`${studio.url}/import?path=${encodeURIComponent(folder)}`)
    const found = page.getByRole('list', { name: 'Found' })
    await found.getByText('A lazy dataset that refers to 3 sound files.').waitFor()
    await found.getByText('Becomes a dataset at 44100 Hz, 1 channel.').first().waitFor()
    await page.getByRole('region', { name: 'Cannot be imported' }).getByText('broken.ckpt').first().waitFor()
    await look('found')
    await page.setViewportSize({ width: 320, height: 640 })
    await look('found narrow')
    await page.setViewportSize({ width: 1280, height: 900 })

    step('nothing chosen cannot be imported')
    const importIt = page.getByRole('button', { name: 'Import', exact: true })
    const all = page.getByRole('checkbox', { name: 'Select all' })
    await all.uncheck()
    await page.getByText('Select at least one.').waitFor()
    assert(await importIt.isDisabled())

    step('one of two is chosen and named')
    await page.getByRole('checkbox', { name: 'loops' }).press('Space')
    await page.getByText('1 selected').waitFor()
    assert(await all.evaluate((input) => input.indeterminate))
    await page.getByRole('textbox', { name: 'Name' }).fill('My loops')
    await look('one chosen')
    await importIt.click()

    step('it is in the library, and what was lost on the way is said')
    await page.getByRole('heading', { name: 'Imported', exact: true }).waitFor({ timeout: 60_000 })
    await page.getByText('1 item added to your library.').waitFor()
    await page.getByText('gone.wav').first().waitFor()
    await look('imported')
    assert.equal((await studio.ask('GET', '/api/datasets')).length, 1)

    step('loaded again, the page says that it is over')
    await page.reload()
    await page.getByRole('heading', { name: 'This import is finished' }).waitFor()
    await look('over')

    step('what was made opens')
    await page.goto(`${studio.url}/datasets`)
    await page.getByRole('link', { name: 'My loops' }).click()
    await page.getByRole('grid', { name: 'Files' }).waitFor()
    await look('dataset')
    rmSync(folder, { recursive: true })
  },

  async 'an import whose page was left'({ page, studio, look, step }) {
    const folder = foreignFolder()
    const take = '**/api/imports/*/take'

    step('what it made could not be taken')
    await page.route(take, (route) => route.abort())
    await page.goto(`${studio.url}/import?path=${encodeURIComponent(join(folder, 'loops'))}`)
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.waitForURL('**/import?job=*')
    await page.getByTestId('problem').waitFor({ timeout: 60_000 })
    await look('not taken')

    step('the dashboard leads back to it')
    await page.unroute(take)
    await page.goto(studio.url)
    await page.getByRole('heading', { name: 'Unfinished imports' }).waitFor()
    await look('dashboard')
    await page.getByRole('link', { name: 'Add to library' }).click()
    await page.getByRole('heading', { name: 'Imported', exact: true }).waitFor()

    step('and then it is there no more')
    await page.getByRole('main').getByRole('link', { name: 'loops' }).click()
    await page.getByRole('grid', { name: 'Files' }).waitFor()
    await page.goto(`${studio.url}/import`)
    await page.getByRole('button', { name: 'Scan this folder' }).waitFor()
    assert.equal(await page.getByRole('heading', { name: 'Unfinished imports' }).count(), 0)
    rmSync(folder, { recursive: true })
  },
})

/** A folder with two datasets, of which one names a sound that is gone, and a damaged checkpoint. */
function foreignFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'acids-rave-'))
  mkdirSync(join(folder, 'sounds'))
  const sounds = [220, 330].map((hz) => {
    const path = join(folder, 'sounds', `${hz}.wav`)
    writeFileSync(path, tone(2, hz))
    return path
  })
  lazyDataset(join(folder, 'loops'), [...sounds, join(folder, 'sounds', 'gone.wav')])
  lazyDataset(join(folder, 'voices'), sounds)
  writeFileSync(join(folder, 'broken.ckpt'), Buffer.alloc(5000, 'garbage'))
  return folder
}
