// Datasets: made of the sample sounds and of dropped files, looked at, heard, renamed, deleted.

import { strict as assert } from 'node:assert'
import { linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { tone, travel } from './harness.mjs'

await travel({
  async 'a dataset of the sample sounds'({ page, studio, look, step }) {
    step('an empty dashboard shows three ways on')
    await page.goto(studio.url)
    await page.getByRole('heading', { level: 1, name: 'Dashboard' }).waitFor()
    await page.getByText('Free disk space').waitFor()
    for (const way of ['Choose a folder of sounds', 'Use the sample sounds', 'Import existing work']) assert(await page.getByRole('link', { name: way }).isVisible())
    await look('empty dashboard')

    step('two clicks start it')
    await page.getByRole('link', { name: 'Use the sample sounds' }).click()
    await page.getByRole('button', { name: 'Create dataset' }).click()
    const files = page.getByRole('grid', { name: 'Files' })
    await files.waitFor({ timeout: 60_000 })
    await page.getByRole('row').nth(1).locator('canvas').waitFor()
    await look('dataset')

    step('the keyboard plays a file')
    await files.focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Space')
    await page.getByRole('region', { name: 'Player' }).getByRole('button', { name: 'Pause' }).waitFor()
    await look('playing')
    await page.keyboard.press('Space')

    step('the filter narrows the list and is in the address')
    const all = await files.getAttribute('aria-rowcount')
    await page.keyboard.press('/')
    await page.keyboard.type('split:held')
    await page.waitForFunction((n) => document.querySelector('[role=grid]').getAttribute('aria-rowcount') !== n, all)
    assert(page.url().includes('q=split%3Aheld'))
    await page.reload()
    await files.waitFor()
    assert.notEqual(await files.getAttribute('aria-rowcount'), all)

    step('every tab opens')
    for (const tab of ['Warnings', 'Used by', 'Log']) {
      await page.getByRole('tab', { name: tab }).click()
      await look(`tab ${tab}`)
    }

    step('it is renamed')
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.getByRole('textbox', { name: 'Rename' }).fill('Bells & strings')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Bells & strings' }).waitFor()
    await page.waitForFunction(() => document.title.startsWith('Bells & strings'))

    step('it is deleted and brought back with Ctrl+Z')
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('heading', { name: 'No datasets yet' }).waitFor()
    await look('no datasets')
    await page.keyboard.press('Control+z')
    await page.getByRole('link', { name: 'Bells & strings' }).waitFor()
    await look('list')
  },

  async 'a dataset of dropped files, some of them broken'({ page, studio, look, step }) {
    step('files are chosen and sent')
    await page.goto(`${studio.url}/datasets/new?from=upload`)
    const whole = tone(2)
    await page.locator('input[type=file]').first().setInputFiles([
      { name: 'a tone.wav', mimeType: 'audio/wav', buffer: whole },
      { name: 'Größe 🎻.wav', mimeType: 'audio/wav', buffer: tone(0.3, 440) },
      { name: 'not sound.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('this is a text') },
      { name: 'torn.wav', mimeType: 'audio/wav', buffer: whole.subarray(0, 60_000) },
      ...Array.from({ length: 12 }, (_, i) => ({ name: `broken ${i}.mp3`, mimeType: 'audio/mpeg', buffer: Buffer.from(`text ${i}`) })),
    ])
    await page.getByText('16 of 16 files').waitFor()
    await look('sent')

    step('a setting that cannot be is refused in place')
    const rate = page.getByRole('textbox', { name: 'Sample rate' })
    await rate.fill('800')
    await page.getByText('Enter a number from 8,000 to 192,000.').waitFor()
    await look('wrong setting')
    assert(await page.getByRole('button', { name: 'Create dataset' }).isDisabled())
    await rate.fill('22050')
    await page.getByRole('textbox', { name: 'Name' }).fill('Dropped')
    await page.getByRole('button', { name: 'Create dataset' }).click()

    step('what is broken is named, the rest is there')
    await page.getByRole('grid', { name: 'Files' }).waitFor({ timeout: 60_000 })
    await page.getByText('22.05 kHz mono').waitFor()
    await page.getByRole('tab', { name: 'Warnings' }).click()
    await page.getByText('not sound.mp3').first().waitFor()
    await look('warnings')

    step('many warnings scroll, and the keyboard reaches them')
    await page.setViewportSize({ width: 1280, height: 260 })
    const list = page.getByRole('group', { name: 'Warnings' })
    assert(await list.evaluate((box) => box.scrollHeight > box.clientHeight))
    await list.focus()
    await look('warnings scrolled')
    await page.setViewportSize({ width: 1280, height: 900 })
  },

  async 'preparing is watched and cancelled'({ page, studio, look, step }) {
    step('a folder with much to do')
    const folder = mkdtempSync(join(tmpdir(), 'many-sounds-'))
    writeFileSync(join(folder, '0.wav'), tone(20, 330, 96_000))
    for (let i = 1; i < 400; i++) linkSync(join(folder, '0.wav'), join(folder, `${i}.wav`))
    await page.goto(`${studio.url}/datasets/new?from=folder&path=${encodeURIComponent(folder)}`)
    await page.getByText(/^400 sound files/).first().waitFor()
    await page.getByRole('button', { name: 'Create dataset' }).click()

    step('progress moves, here and in the tab')
    const card = page.locator('[data-testid=job-card][data-state=running]')
    await card.getByText('of 400 files').waitFor()
    await page.getByTestId('job-pill').waitFor()
    await page.waitForFunction(() => /^\d+%/.test(document.title))
    await look('preparing')

    step('cancelled, nothing is left')
    await card.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('heading', { name: 'No datasets yet' }).waitFor()
    const { length } = await studio.ask('GET', '/api/datasets')
    assert.equal(length, 0)
    rmSync(folder, { recursive: true })
  },

  async 'the folder that is used is the one that is typed'({ page, studio, look, step }) {
    const [first, second] = [mkdtempSync(join(tmpdir(), 'first-')), mkdtempSync(join(tmpdir(), 'second-'))]
    writeFileSync(join(first, 'first.wav'), tone(2))
    writeFileSync(join(second, 'second.wav'), tone(2, 330))
    const create = page.getByRole('button', { name: 'Create dataset' })

    step('a folder is listed, then a path is typed that leads nowhere')
    await page.goto(`${studio.url}/datasets/new?from=folder&path=${encodeURIComponent(first)}`)
    await page.getByText(/^1 sound file/).first().waitFor()
    const field = page.getByRole('textbox', { name: 'Folder' })
    await field.fill('/nonexistent/typo')
    await create.click()

    step('nothing is created; the field keeps what was typed, and says what is wrong')
    await page.getByTestId('folder-problem').waitFor()
    assert.equal(await field.inputValue(), '/nonexistent/typo')
    assert.equal(await field.getAttribute('aria-invalid'), 'true')
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'INPUT')
    await look('wrong folder')
    assert.equal((await studio.ask('GET', '/api/datasets')).length, 0)
    assert(page.url().includes('/datasets/new'))

    step('a valid path and the button at once: that folder it is')
    await field.fill(second)
    await create.click()
    await page.getByRole('grid', { name: 'Files' }).waitFor({ timeout: 60_000 })
    await page.getByText('second.wav').first().waitFor()
    const [made] = await studio.ask('GET', '/api/datasets')
    assert.equal(made.summary.n_files, 1)
    rmSync(first, { recursive: true })
    rmSync(second, { recursive: true })
  },

  async 'a folder without sound'({ page, studio, look, step }) {
    step('the problem says what, why and what to do')
    const folder = mkdtempSync(join(tmpdir(), 'without-sound-'))
    await page.goto(`${studio.url}/datasets/new?from=folder&path=${encodeURIComponent(folder)}`)
    await page.getByRole('status').filter({ hasText: '0 sound files' }).waitFor()
    await look('picker')
    await page.getByRole('button', { name: 'Create dataset' }).click()
    await page.getByTestId('problem').waitFor()
    await page.getByText('Details').click()
    await look('problem')

    step('an address that leads nowhere says so')
    await page.goto(`${studio.url}/datasets/nothing-here`)
    await page.getByTestId('problem').waitFor()
    await look('no such dataset')
    await page.goto(`${studio.url}/nowhere`)
    await page.getByRole('heading', { name: 'Page not found' }).waitFor()
    await look('no such page')
  },
})
