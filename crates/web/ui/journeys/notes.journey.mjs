// A MIDI file: its notes are seen and heard, drums are written for its harmony, and its notes come to the grid.

import { strict as assert } from 'node:assert'

import { midi, TICKS, travel } from './harness.mjs'

/** Chords of a bar each, played a little late: C, A minor, F, G, twice. */
function chords() {
  const bar = 4 * TICKS
  return [60, 57, 53, 55, 60, 57, 53, 55].flatMap((root, i) => {
    const third = root === 57 ? 3 : 4
    return [0, third, 7, 12].map((step, j) => [i * bar + 12 * j, bar - 60, root + step])
  })
}

await travel({
  async 'drums are written for a harmony'({ page, studio, look, step }) {
    step('a MIDI file is dropped into the library, and opens as notes')
    await page.goto(`${studio.url}/library`)
    await page.getByRole('heading', { name: 'No sounds yet' }).waitFor()
    await page.locator('input[type=file]').first().setInputFiles({ name: 'chords.mid', mimeType: 'audio/midi', buffer: midi(chords()) })
    const grid = page.getByRole('grid', { name: 'Library' })
    await grid.waitFor()
    await page.getByText('96 BPM').first().waitFor({ timeout: 60_000 })
    await look('list')
    await grid.focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'chords' }).waitFor()
    await page.getByRole('slider', { name: 'Position in chords' }).or(page.getByRole('slider', { name: 'Notes of chords' })).first().waitFor()
    await page.getByText(/C Am F G/).first().waitFor()
    await page.getByText('C major').first().waitFor()
    await look('notes')

    step('it plays, once its notes have become sound')
    await page.getByRole('button', { name: 'Play', exact: true }).first().click()
    await page.waitForFunction(() => Number(document.querySelector('[role=slider][aria-valuetext]')?.getAttribute('aria-valuenow')) > 0.1, undefined, { timeout: 60_000 })
    await page.keyboard.press('Escape')

    step('drums are written by keyboard: four suggestions, all different')
    const count = page.getByRole('spinbutton', { name: 'Suggestions' })
    await count.focus()
    await count.fill('4')
    await page.keyboard.press('Enter')
    const pieces = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: /^Keep/ }) })
    await pieces.nth(3).waitFor({ timeout: 60_000 })
    assert.equal(await pieces.count(), 4)
    const [{ id }] = (await studio.ask('GET', '/api/library/items?q=chords')).items
    const [change] = (await studio.ask('GET', `/api/library/items/${id}/changes`)).filter((one) => one.change.change === 'write')
    const written = change.result.files.filter(({ kind }) => kind === 'midi')
    const seen = new Set()
    for (const { path } of written) {
      const piece = await studio.ask('GET', `/api/changes/${change.id}/piece/${encodeURIComponent(path)}`)
      assert(piece.tracks.length > 0 && piece.tracks.every((track) => track.is_drums), JSON.stringify(piece.tracks.map(({ name }) => name)))
      seen.add(JSON.stringify(piece.tracks.map(({ notes }) => notes)))
    }
    assert(seen.size > 1, 'all suggestions are the same')
    await look('suggestions')

    step('one is heard and kept; the others stay suggestions')
    await pieces.first().getByRole('button', { name: /^Play/ }).click()
    await page.waitForFunction(() => document.querySelector('li button[aria-label^="Pause"]') !== null, undefined, { timeout: 20_000 })
    await page.keyboard.press('Escape')
    await pieces.first().getByRole('button', { name: /^Keep/ }).click()
    await page.getByText('Kept', { exact: true }).waitFor()
    assert.equal((await studio.ask('GET', '/api/library/items')).total, 2)

    step('its notes come to the grid')
    await page.getByRole('button', { name: 'Change the notes' }).click()
    await page.getByRole('button', { name: 'Make it' }).click()
    await page.getByText(/notes moved, by \d/).waitFor({ timeout: 60_000 })
    await look('on the grid')

    step('what was made is still there when the page is loaded again')
    await page.reload()
    await page.getByText(/notes moved, by \d/).waitFor()
    await page.setViewportSize({ width: 390, height: 844 })
    await look('on a phone')
  },
})
