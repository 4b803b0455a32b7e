// The workbench: a phrase is tuned by mouse and keys, a take comes to the grid, and what comes out is kept.

import { strict as assert } from 'node:assert'

import { travel, wav } from './harness.mjs'

const RATE = 22_050
const SMALL = { width: 390, height: 800 }
const LARGE = { width: 1280, height: 900 }

const file = (name, buffer) => ({ name, mimeType: 'audio/wav', buffer })

/** Notes of a voice one after the other, each with overtones and its own attack: MIDI notes with parts of a semitone. */
function phrase(notes, secs) {
  const n = Math.round(secs * RATE)
  let phase = 0
  return wav(n * notes.length, RATE, (i) => {
    const at = i % n
    const hz = 440 * 2 ** ((notes[Math.floor(i / n)] - 69) / 12)
    phase += (2 * Math.PI * hz) / RATE
    const level = Math.min(1, at / 400) * Math.min(1, (0.9 * n - at) / 800)
    if (level <= 0) return 0
    let sum = 0
    for (let k = 1; k <= 8; k++) sum += Math.sin(k * phase) / k
    return 7000 * level * sum
  })
}

/** Struck notes at these seconds. */
function struck(times, secs) {
  return wav(Math.round(secs * RATE), RATE, (i) => {
    let sum = 0
    for (const at of times) {
      const t = i / RATE - at
      if (t >= 0 && t < 0.3) sum += Math.exp(-t * 25) * Math.sin(2 * Math.PI * 400 * t)
    }
    return 14_000 * sum
  })
}

/** Adds a sound to the library and opens its page. */
async function added(page, studio, name, buffer) {
  await page.goto(`${studio.url}/library`)
  await page.locator('input[type=file]').first().setInputFiles([file(`${name}.wav`, buffer)])
  await page.getByRole('grid', { name: 'Library' }).waitFor()
  for (let i = 0; i < 300; i++) {
    const { items } = await studio.ask('GET', `/api/library/items?q=${encodeURIComponent(name)}`)
    if (items[0]?.is_analysed) {
      await page.goto(`${studio.url}/library/${items[0].id}`)
      await page.getByRole('heading', { level: 1, name }).waitFor()
      return items[0].id
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`${name} was not analysed`)
}

/** Chooses a way to change the sound whose page is open. */
async function change(page, title) {
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  await page.getByRole('menuitem', { name: title }).click()
}

const valueOf = async (note) => Number(await note.getAttribute('aria-valuenow'))

await travel({
  async 'tune this phrase'({ page, studio, look, step }) {
    step('a phrase that is out of tune is dropped, and its page leads to tuning')
    // A minor, some cents off.
    const id = await added(page, studio, 'phrase', phrase([57.3, 59.7, 61.3, 60.3], 0.7))
    await change(page, 'Tune')
    await page.waitForURL(/\/tune$/)
    await page.getByRole('heading', { level: 1, name: 'Tune' }).waitFor()
    const notes = page.locator('[data-note]')
    await notes.first().waitFor({ timeout: 60_000 })
    assert.equal(await notes.count(), 4, 'four notes are found')
    await look('notes')

    step('its notes go to a scale')
    await page.getByRole('combobox', { name: 'Scale' }).click()
    await page.getByRole('option', { name: 'Minor', exact: true }).click()
    await page.getByRole('combobox', { name: 'Key' }).click()
    await page.getByRole('option', { name: 'A', exact: true }).click()
    assert.deepEqual(await Promise.all([0, 1, 2, 3].map((i) => valueOf(notes.nth(i)))), [57, 60, 62, 60])

    step('a note is moved by keys: a semitone, ten cents, back by Ctrl+Z')
    const first = notes.nth(0)
    await first.focus()
    await page.keyboard.press('ArrowUp')
    assert.equal(await valueOf(first), 58)
    await page.keyboard.press('Shift+ArrowDown')
    assert.equal(await valueOf(first), 57.9)
    assert.match(await first.getAttribute('aria-valuetext'), /^A♯3 −10 cents, moved by \+\d+ cents, from/)
    await page.keyboard.press('Control+z')
    await page.keyboard.press('Control+z')
    assert.equal(await valueOf(first), 57)
    await page.keyboard.press('ArrowRight')
    assert.equal(await page.evaluate(() => document.activeElement.dataset.note), '1')
    await page.keyboard.press('Delete')
    assert(Math.abs((await valueOf(notes.nth(1))) - 59.7) < 0.1, 'as it was sung')
    await page.keyboard.press('Enter')
    assert.equal(await valueOf(notes.nth(1)), 60)

    step('another is dragged up to the next note of the scale')
    const box = await notes.nth(3).boundingBox()
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x, y - 20, { steps: 4 })
    await page.mouse.move(x, y - 45, { steps: 4 })
    await page.mouse.up()
    const dragged = await valueOf(notes.nth(3))
    assert(dragged > 60 && [62, 64, 65, 67].includes(dragged), `dragged to ${dragged}`)
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    assert.equal(await valueOf(notes.nth(3)), 60)
    await page.getByRole('button', { name: 'Redo', exact: true }).click()
    assert.equal(await valueOf(notes.nth(3)), dragged)

    step('it is tuned, heard beside what was sung, and kept')
    await page.getByRole('button', { name: 'Tune it' }).click()
    const result = page.getByTestId('result')
    await result.waitFor({ timeout: 60_000 })
    await result.getByRole('radio', { name: 'After' }).waitFor()
    await result.getByRole('slider', { name: /Position/ }).waitFor()
    await result.getByText('After').first().click()
    await result.getByRole('button', { name: 'Play', exact: true }).click()
    await page.waitForFunction(() => Number(document.querySelector('[data-testid=result] [role=slider]').getAttribute('aria-valuenow')) > 0.1)
    await result.getByRole('button', { name: 'Pause', exact: true }).click()
    await look('tuned')
    await page.setViewportSize(SMALL)
    await look('tuned small')
    await page.setViewportSize(LARGE)
    await result.getByRole('button', { name: /^Keep in the library/ }).click()
    await result.getByRole('link', { name: 'In the library' }).click()
    await page.getByRole('heading', { level: 1, name: 'phrase tuned' }).waitFor()
    await page.getByText('Made from').getByRole('link', { name: 'phrase' }).waitFor()
    const kept = page.url().split('/').pop()
    const { changed_from: from } = await studio.ask('GET', `/api/library/items/${kept}`)
    assert.deepEqual([from.item, from.change.change], [id, 'tune'])

    step('the notes that were kept are where they were sent')
    const plan = await studio.ask('POST', '/api/changes', { inputs: [{ from: 'item', id: kept }], change: { change: 'tune', is_plan: true } })
    let made = plan
    for (let i = 0; i < 300 && !made.result; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      made = await studio.ask('GET', `/api/changes/${plan.id}`)
    }
    const [report] = made.result.reports
    const expected = [57, 60, 62, dragged]
    assert.equal(report.notes.length, 4)
    report.notes.forEach(({ pitch }, i) => assert(Math.abs(pitch - expected[i]) < 0.1, `note ${i} is at ${pitch}`))
  },

  async 'put this take on the grid'({ page, studio, look, step }) {
    step('a take with beats that waver is dropped; its beats are known')
    const beats = [0.5, 1.03, 1.48, 2.02, 2.49, 3.0]
    const off = [0, 0.02, -0.015, 0.018, -0.02, 0]
    const id = await added(page, studio, 'take', struck(beats.flatMap((at, i) => [at + off[i], ...(i < 5 ? [(at + beats[i + 1]) / 2 + 0.012] : [])]), 3.6))
    await studio.ask('PUT', `/api/library/items/${id}/edit`, { beats_s: beats, tempo_bpm: 120 })
    await page.reload()
    await change(page, 'Put on the grid')
    await page.waitForURL(/\/grid$/)
    await page.getByText(/^6 beats, \d+ notes/).waitFor({ timeout: 60_000 })
    await page.getByRole('row', { name: /^In the take/ }).waitFor()
    await look('plan')

    step('by keyboard: a tempo, half the strength, and all of it again')
    await page.getByRole('spinbutton', { name: 'Beats per minute' }).focus()
    await page.keyboard.type('125')
    await page.getByText(/125 beats per minute/).waitFor()
    await page.getByRole('slider', { name: 'Strength' }).focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('End')
    await page.getByRole('checkbox', { name: 'Write a click as well' }).focus()
    await page.keyboard.press(' ')
    await page.getByRole('checkbox', { name: 'Write the tempo of the take as MIDI' }).focus()
    await page.keyboard.press(' ')

    step('it is put on the grid, measured, heard and kept')
    await page.getByRole('button', { name: 'Put it on the grid' }).focus()
    await page.keyboard.press('Enter')
    const result = page.getByTestId('result')
    await result.waitFor({ timeout: 60_000 })
    await result.getByRole('slider', { name: /Position/ }).waitFor()
    const cells = (name) => page.getByRole('row', { name }).getByRole('cell').allTextContents()
    const number = (text) => Number(text.replace(/[^\d.]/g, ''))
    const [before, after] = [await cells(/^In the take/), await cells(/^Measured after/)]
    assert(number(before[0]) > 8, `${before[0]} before`)
    assert(number(after[0]) < 3, `${after[0]} after`)
    await look('gridded')
    await page.setViewportSize(SMALL)
    await look('gridded small')
    await page.setViewportSize(LARGE)
    const downloads = result.getByRole('link', { name: /^Download/ })
    assert.equal(await downloads.count(), 3, 'sound, click and tempo map')
    const map = await fetch(new URL(await downloads.nth(2).getAttribute('href'), studio.url)).then((answer) => answer.arrayBuffer())
    assert.equal(Buffer.from(map).subarray(0, 4).toString(), 'MThd')
    await result.getByRole('button', { name: /^Keep in the library take on the grid/ }).click()
    await result.getByRole('link', { name: 'In the library' }).click()
    await page.getByRole('heading', { level: 1, name: 'take on the grid' }).waitFor()
  },

  async 'stretch, convert and edit a sound'({ page, studio, look, step }) {
    const id = await added(page, studio, 'tone', phrase([57, 60, 64], 0.5))
    step('it becomes half as long again, and higher')
    await change(page, 'Stretch and pitch')
    await page.getByRole('spinbutton', { name: 'Percent of its length' }).fill('150')
    await page.getByRole('spinbutton', { name: 'Semitones higher' }).fill('3')
    await look('stretch')
    await page.getByRole('button', { name: 'Stretch it' }).click()
    await page.getByText(/It was 1\.5.s long, and is 2\.25.s now/).waitFor({ timeout: 60_000 })

    step('it is taken apart, and both parts are heard beside it')
    await page.getByRole('navigation', { name: 'Ways to change it' }).getByRole('link', { name: 'Take apart' }).click()
    await page.getByRole('button', { name: 'Take it apart' }).click()
    await page.getByText(/of its power is in the strikes/).waitFor({ timeout: 60_000 })
    await page.getByRole('radio', { name: 'strikes' }).waitFor()
    assert.equal(await page.getByTestId('result').getByRole('radio').count(), 3)
    await page.getByTestId('result').getByRole('listitem').filter({ hasText: 'tone percussive' }).waitFor()
    await look('take apart')

    step('it is converted to FLAC, as loud as streaming asks')
    await page.getByRole('navigation', { name: 'Ways to change it' }).getByRole('link', { name: 'Convert' }).click()
    await page.getByRole('combobox', { name: 'Format' }).click()
    await page.getByRole('option', { name: 'FLAC, 16 bits' }).click()
    await page.getByRole('combobox', { name: 'Loudness' }).click()
    await page.getByRole('option', { name: /^For streaming/ }).click()
    await page.getByRole('button', { name: 'Convert', exact: true }).click()
    await page.getByRole('region', { name: 'What was done' }).getByText(/-1[34](\.\d+)? LUFS/).waitFor({ timeout: 60_000 })
    await page.getByTestId('result').waitFor()
    await look('convert')

    step('a field is drawn on its spectrum, cut, and undone by key')
    await page.getByRole('navigation', { name: 'Ways to change it' }).getByRole('link', { name: 'Spectrum' }).click()
    const picture = page.getByTestId('spectrum')
    await picture.waitFor()
    const box = await picture.boundingBox()
    await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.3)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.7, { steps: 5 })
    await page.mouse.up()
    await page.getByRole('button', { name: 'Cut', exact: true }).click()
    await page.getByRole('button', { name: 'Heal', exact: true }).click()
    await page.getByRole('button', { name: 'Remove edit 2' }).waitFor()
    await page.keyboard.press('Control+z')
    await page.getByRole('button', { name: 'Remove edit 2' }).waitFor({ state: 'detached' })
    await page.getByRole('spinbutton', { name: 'Lowest, Hz' }).fill('300')
    await page.keyboard.press('Tab')
    await look('spectrum')
    await page.getByRole('button', { name: 'Apply the edits' }).click()
    await page.getByText(/were changed; all else is as it was/).waitFor({ timeout: 60_000 })
    await page.setViewportSize(SMALL)
    await look('spectrum small')
    await page.setViewportSize(LARGE)

    step('all sounds of the library are converted together')
    await page.goto(`${studio.url}/library`)
    await page.getByRole('link', { name: 'Convert these' }).click()
    await page.getByText('1 sound is chosen').waitFor()
    await look('convert many')
    await page.getByRole('button', { name: 'Convert', exact: true }).click()
    await page.getByTestId('result').waitFor({ timeout: 60_000 })
    assert(id)
  },
})
