// Notes are edited: those of a MIDI file become a new file, those that were found in a sound are corrected and brought back.

import { strict as assert } from 'node:assert'

import { midi, TICKS, travel, wav } from './harness.mjs'

/** A scale of eight quarter notes at 120 beats a minute. */
const SCALE = [60, 62, 64, 65, 67, 69, 71, 72].map((key, i) => [i * TICKS, TICKS, key])
/** The row of a key, in pixels. */
const ROW = 14

/** A voice with overtones that sings some keys, half a second each. */
function song(keys) {
  const rate = 22_050
  const each = rate / 2
  return wav(keys.length * each, rate, (i) => {
    const [n, within] = [Math.floor(i / each), i % each]
    const hz = 440 * 2 ** ((keys[n] - 69) / 12)
    const shape = Math.min(1, within / 400, (each - within) / 800)
    return 5000 * shape * [1, 2, 3, 4, 5].reduce((sum, k) => sum + Math.sin((2 * Math.PI * hz * k * i) / rate) / k, 0)
  })
}

/** Where a time and a key are in an editor that shows `length` seconds, in pixels of the page. */
async function placeIn(page, secs, key, length) {
  const editor = page.getByRole('application')
  const box = await editor.boundingBox()
  const scrolled = await editor.evaluate((surface) => surface.closest('.scroller').scrollTop)
  return { x: box.x + (secs / length) * box.width, y: box.y + (127 - key + 0.5) * ROW - scrolled }
}

async function drag(page, from, to) {
  await page.mouse.move(from.x, from.y)
  await page.mouse.down()
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2)
  await page.mouse.move(to.x, to.y)
  await page.mouse.up()
}

/** Waits until the studio says something. */
async function until(asking, what) {
  for (let i = 0; !(await asking()); i++) {
    assert(i < 100, what)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

await travel({
  async 'a MIDI file is edited and saved as a new one'({ page, studio, look, step }) {
    step('a MIDI file is dropped, and its notes are opened in the editor')
    await page.goto(`${studio.url}/library`)
    await page.getByRole('heading', { name: 'No sounds yet' }).waitFor()
    await page.locator('input[type=file]').first().setInputFiles({ name: 'scale.mid', mimeType: 'audio/midi', buffer: midi(SCALE, 120) })
    await page.getByText('120 BPM').first().waitFor({ timeout: 60_000 })
    const [{ id }] = (await studio.ask('GET', '/api/library/items?q=scale')).items
    await page.goto(`${studio.url}/library/${id}/notes`)
    await page.getByRole('button', { name: 'Edit notes' }).click()
    const editor = page.getByRole('application', { name: /^Notes of/ })
    await editor.waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    // Four bars more than the two that there are.
    const length = 12
    const status = page.getByTestId('edit-status')
    const says = (text) => status.filter({ hasText: text }).waitFor()
    await look('editor')

    step('by mouse: a note is dragged in time and pitch, an end is dragged, one is added, several are selected')
    await drag(page, await placeIn(page, 1.25, 64, length), await placeIn(page, 1.75, 66, length))
    await says('F♯4, bar 1 beat 4 to bar 2 beat 1')
    // The end of the first note, to half its length; Alt leaves the grid.
    await drag(page, await placeIn(page, 0.49, 60, length), await placeIn(page, 0.25, 60, length))
    await says('C4, bar 1 beat 1 to bar 1 beat 1.5')
    const empty = await placeIn(page, 5.05, 62, length)
    await page.mouse.click(empty.x, empty.y)
    await says('D4, bar 3 beat 3 to')
    await drag(page, await placeIn(page, 2.2, 74, length), await placeIn(page, 4.2, 66, length))
    await says(/[45] notes selected/)
    const one = await placeIn(page, 0.1, 60, length)
    await page.keyboard.down('Shift')
    await page.mouse.click(one.x, one.y)
    await page.keyboard.up('Shift')
    await says(/[56] notes selected/)
    await look('several are selected')

    step('all of it is undone and done again')
    await editor.focus()
    for (let i = 0; i < 3; i++) await page.keyboard.press('Control+z')
    await page.getByText('Nothing is edited yet').waitFor()
    assert(await page.getByRole('button', { name: 'Undo', exact: true }).first().isDisabled())
    for (let i = 0; i < 3; i++) await page.keyboard.press('Control+Shift+z')
    await page.getByText('3 notes edited, not saved yet').waitFor()

    step('what is not saved is there again after a look at another page')
    await page.getByRole('link', { name: 'Library', exact: true }).first().click()
    await page.getByRole('heading', { level: 1, name: 'Library' }).waitFor()
    await page.goBack()
    await page.getByRole('button', { name: 'Edit notes' }).click()
    await page.getByText('3 notes edited, not saved yet').waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    await editor.focus()

    step('by keyboard: notes are gone through, moved, made longer and louder, copied and removed')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Home')
    await says('C4, bar 1 beat 1 to bar 1 beat 1.5, velocity 90')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Shift+ArrowDown')
    await says('C♯3')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('+')
    await page.keyboard.press('PageUp')
    await says('C♯3, bar 1 beat 1.25 to bar 1 beat 2, velocity 100')
    await page.keyboard.press('Tab')
    await says('D4, bar 1 beat 2')
    await page.keyboard.press('d')
    await says('D4, bar 1 beat 3')
    await page.keyboard.press('Delete')
    await says('0 notes selected')
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    const announced = await page.evaluate(() => [...document.querySelectorAll('[aria-live]')].map((it) => it.textContent).join(' '))
    assert(announced.includes('Note added: D4, bar'), announced)
    await page.keyboard.press('Control+z')

    step('it plays while it is edited')
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Pause' }).first().waitFor()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowUp')
    await page.getByRole('button', { name: 'Pause' }).first().waitFor()
    await page.keyboard.press('Control+z')
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Play the notes' }).waitFor()

    step('Escape and Tab leave the editor')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    assert(await editor.evaluate((surface) => document.activeElement !== surface))

    step('it becomes a new file; the old one stays as it was')
    const before = await studio.ask('GET', `/api/library/items/${id}/notes`)
    await page.getByRole('textbox', { name: 'Name of the new file' }).fill('my scale')
    await page.getByRole('button', { name: 'Save as a new file' }).click()
    await page.getByRole('heading', { level: 1, name: 'my scale' }).waitFor()
    await page.getByText(/Made of scale: 1 notes added, 2 changed, 0 removed by hand/).waitFor()
    const [saved] = (await studio.ask('GET', '/api/library/items?q=%22my scale%22')).items
    const after = await studio.ask('GET', `/api/library/items/${saved.id}/notes`)
    assert.deepEqual(await studio.ask('GET', `/api/library/items/${id}/notes`), before)
    assert.deepEqual([after.tempos, after.meters, after.ticks_per_quarter], [before.tempos, before.meters, before.ticks_per_quarter])
    const keys = after.tracks[0].notes.map(([, , key]) => key).toSorted((a, b) => a - b)
    assert.deepEqual(keys, [49, 62, 62, 65, 66, 67, 69, 71, 72])
    await look('a new file')

    step('on a phone')
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByRole('button', { name: 'Edit notes' }).click()
    await editor.waitFor()
    await look('editor on a phone')
  },

  async 'the notes of a sound are corrected and brought back'({ page, studio, look, step }) {
    step('a voice is dropped, and its melody is found')
    const sung = [57, 60, 64, 60, 57, 62, 65, 62]
    await page.goto(`${studio.url}/library`)
    await page.getByRole('heading', { name: 'No sounds yet' }).waitFor()
    await page.locator('input[type=file]').first().setInputFiles({ name: 'voice.wav', mimeType: 'audio/wav', buffer: song(sung) })
    await page.getByRole('grid', { name: 'Library' }).waitFor()
    await page.waitForFunction(() => !document.body.innerText.includes('Not analysed'), undefined, { timeout: 60_000 })
    const [{ id }] = (await studio.ask('GET', '/api/library/items?q=voice')).items
    const detail = () => studio.ask('GET', `/api/library/items/${id}`)
    const melody = async () => (await detail()).analysis.melody
    const found = await melody()
    assert(found.length >= 4, `${found.length} notes were found`)
    await page.goto(`${studio.url}/library/${id}`)
    await page.getByRole('button', { name: 'Notes of the melody' }).click()
    const editor = page.getByRole('application')
    await editor.waitFor()
    await editor.scrollIntoViewIfNeeded()
    await look('editor over a sound')

    step('a note is moved by keys, and the correction is kept beside the analysis')
    await editor.focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowUp')
    await until(async () => (await melody())[0].key === found[0].key + 1, 'the first note is not corrected')
    assert.deepEqual((await detail()).found.melody, found)
    assert.equal((await melody())[0].cents_off, 0)
    await page.getByText('Corrected by hand').waitFor()

    step('a note is dragged by mouse')
    const length = sung.length / 2
    const second = found[1]
    const middle = (second.start_s + second.end_s) / 2
    await drag(page, await placeIn(page, middle, second.key, length), await placeIn(page, middle, second.key + 3, length))
    await until(async () => (await melody())[1].key === second.key + 3, 'the second note is not corrected')
    const csv = await fetch(`${studio.url}/api/library/items/${id}/annotations?form=csv`).then((answer) => answer.text())
    assert.equal(csv.match(/,note,/g).length, found.length)
    await look('corrected')

    step('Ctrl+Z takes back the last one, and Ctrl+Shift+Z does it again')
    await editor.focus()
    await page.keyboard.press('Control+z')
    await until(async () => (await melody())[1].key === second.key, 'the second note did not come back')
    assert.equal((await melody())[0].key, found[0].key + 1)
    await page.keyboard.press('Control+Shift+z')
    await until(async () => (await melody())[1].key === second.key + 3, 'the second note is not corrected again')

    step('it plays with its notes, and stays corrected when the page is loaded again')
    await page.keyboard.press('Space')
    await page.waitForFunction(() => Number(document.querySelector('[role=slider][aria-valuetext]').getAttribute('aria-valuenow')) > 0.1)
    await page.keyboard.press('Space')
    await page.reload()
    await page.getByText('Corrected by hand').waitFor()
    await page.getByRole('button', { name: 'Notes of the melody' }).click()
    await editor.waitFor()
    await page.getByRole('button', { name: 'Bring back the notes that were found' }).click()
    await until(async () => JSON.stringify(await melody()) === JSON.stringify(found), 'what was found did not come back')
    await page.getByText('Corrected by hand').waitFor({ state: 'detached' })

    step('on a phone')
    await page.setViewportSize({ width: 390, height: 844 })
    await editor.scrollIntoViewIfNeeded()
    await look('editor over a sound on a phone')
  },
})
