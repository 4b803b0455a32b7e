// The memory: sounds are cut into patterns, found by words and by likeness, rated, seen on the map, corrected, exported.

import { strict as assert } from 'node:assert'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { clicks, noise, tone, travel, wav } from './harness.mjs'

/** A bell that is struck every so many seconds: partials of a struck bar, which ring and stand out. */
function bells(n, everySecs, hz, rate = 44_100) {
  const partials = [1, 2.76, 5.4, 8.93]
  return wav(Math.round(n * everySecs * rate), rate, (i) => {
    const within = (i / rate) % everySecs
    const sum = partials.reduce((all, ratio, k) => all + (Math.sin(2 * Math.PI * hz * ratio * within) * Math.exp(-within * (2 + k))) / (1 + k * 0.4), 0)
    return 9000 * Math.min(1, within * 400) * sum
  })
}

/** A folder of sounds that differ much. */
function sounds() {
  const folder = mkdtempSync(join(tmpdir(), 'remembered-sounds-'))
  writeFileSync(join(folder, 'loop.wav'), clicks(32, 120))
  writeFileSync(join(folder, 'bells.wav'), bells(6, 2, 700))
  writeFileSync(join(folder, 'low.wav'), tone(6, 110))
  writeFileSync(join(folder, 'hiss.wav'), noise(6))
  writeFileSync(join(folder, 'broken.mp3'), 'this is a text')
  return folder
}

/** Waits until no job of the memory is under way. */
async function settled(studio) {
  for (let i = 0; i < 300; i++) {
    if (!(await studio.ask('GET', '/api/memory')).job) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('the memory is still at work')
}

/** Adds a folder without the page. */
async function remember(studio, folder, tags = []) {
  await studio.ask('POST', '/api/memory/patterns', { paths: [folder], tags })
  await settled(studio)
}

const rows = (page) => page.getByRole('list', { name: 'Patterns found' }).getByRole('listitem')

await travel({
  async 'own sounds are remembered, found and rated'({ page, studio, look, step }) {
    const folder = sounds()
    step('an empty memory says what it is')
    await page.goto(`${studio.url}/memory`)
    await page.getByRole('heading', { name: 'The memory is empty' }).waitFor()
    await page.getByRole('button', { name: 'Parent folder' }).waitFor()
    await look('empty')

    step('a folder is added, with a tag')
    await page.getByRole('textbox', { name: 'Folder' }).fill(folder)
    await page.getByRole('button', { name: 'Tags, lengths, models' }).click()
    await page.getByRole('textbox', { name: 'Tags for the new patterns' }).fill('mine')
    await page.getByRole('button', { name: 'Add this folder' }).click()
    await page.getByRole('tab', { name: 'Find' }).waitFor({ timeout: 120_000 })
    await page.getByText(/\d+ sounds? read/).waitFor({ timeout: 120_000 })
    await page.getByRole('button', { name: /could not be read/ }).waitFor()
    await rows(page).first().waitFor()
    await look('all patterns')

    step('words and numbers find some of them, and say why')
    const all = (await studio.ask('GET', '/api/memory')).n_patterns
    await page.getByRole('searchbox', { name: 'Words and numbers' }).fill('loop')
    await page.getByTestId('found').getByText(/found/).waitFor()
    for (const text of await rows(page).allTextContents()) assert(text.includes('loop.wav'), text)
    assert((await rows(page).count()) < all, 'everything was found')
    await page.getByRole('searchbox', { name: 'Words and numbers' }).fill('')
    await page.getByRole('button', { name: 'under 2 s', exact: true }).click()
    await page.getByRole('button', { name: 'under 2 s', exact: true, pressed: true }).waitFor()
    assert.equal(await page.getByRole('searchbox', { name: 'Words and numbers' }).inputValue(), 'under 2 s')
    await page.getByRole('searchbox', { name: 'Words and numbers' }).fill('zyxwvut')
    await page.getByText('No pattern matches').waitFor()
    await look('nothing fits')
    await page.getByRole('button', { name: 'Clear the search' }).click()

    step('a pattern plays, and only its part')
    const [first] = (await studio.ask('GET', '/api/memory/patterns?words=bells&limit=1')).patterns
    await page.getByRole('searchbox', { name: 'Words and numbers' }).fill('bells')
    const row = page.locator(`[data-pattern="${first.id}"]`)
    await row.getByRole('button', { name: /^Play bells/ }).click()
    const player = page.getByRole('region', { name: 'Player' })
    await player.waitFor()
    await page.waitForFunction(() => Number(document.querySelector('.transport input.position')?.max) > 0)
    const played = Number(await player.getByRole('slider', { name: 'Position' }).getAttribute('max'))
    assert(Math.abs(played - (first.end_secs - first.start_secs)) < 0.05, `${played} s of ${first.end_secs - first.start_secs} s`)

    step('what is like it is found, refined and rated')
    await row.getByRole('button', { name: /^Like this/ }).click()
    await page.getByText(/\d+% similar/).first().waitFor()
    await page.getByRole('searchbox', { name: 'Words and numbers' }).fill('')
    await page.waitForFunction((n) => document.querySelectorAll('[data-pattern]').length >= Math.min(25, n), all)
    const best = await rows(page).first().textContent()
    assert(best.includes('bells.wav'), best)
    await rows(page).last().getByRole('button', { name: /^Less like/ }).click()
    await page.getByText('Less like 1 pattern').waitFor()
    await rows(page).nth(1).getByRole('button', { name: /^Good/ }).click()
    await rows(page).nth(1).getByRole('button', { name: /^Good/, pressed: true }).waitFor()
    await rows(page).nth(2).getByRole('button', { name: /^Not what I was looking for/ }).click()
    await page.getByText('2 ratings saved').waitFor()
    await rows(page).nth(2).getByRole('button', { name: /^Not what/, pressed: true }).click()
    await page.getByText('1 rating saved').waitFor()
    await rows(page).nth(2).getByRole('button', { name: /^Not what/ }).click()
    await page.getByText('2 ratings saved').waitFor()
    await look('found and rated')
    await page.getByRole('button', { name: 'Search again' }).click()
    await page.getByText(/you liked/).first().waitFor()
    assert.equal((await studio.ask('GET', '/api/memory')).n_ratings, 2)

    step('a sound by its path finds what is like it')
    await page.getByRole('button', { name: 'Clear the search' }).click()
    await page.getByRole('button', { name: 'Find by a sound' }).click()
    await page.getByRole('textbox', { name: 'Folder' }).fill(folder)
    await page.getByRole('button', { name: /^low\.wav/ }).click()
    await page.getByRole('spinbutton', { name: 'To, in seconds' }).fill('2')
    await page.getByRole('button', { name: 'Find Find by a sound' }).click()
    await page.getByText('Like “low.wav”').waitFor({ timeout: 60_000 })
    await page.getByText(/\d+% similar/).first().waitFor({ timeout: 60_000 })
    assert((await rows(page).first().textContent()).includes('low.wav'), 'another sound is more like it')

    step('ratings are forgotten after a question, and come back')
    await page.getByRole('tab', { name: 'Contents' }).click()
    await page.getByRole('heading', { name: 'Spaces' }).waitFor()
    await look('contents')
    await page.getByRole('button', { name: 'Forget ratings' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Forget ratings' }).click()
    await page.getByText('2 ratings forgotten').first().waitFor()
    assert.equal((await studio.ask('GET', '/api/memory')).n_ratings, 0)
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Undone').first().waitFor()
    assert.equal((await studio.ask('GET', '/api/memory')).n_ratings, 2)

    step('on a phone, everything is below each other')
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByRole('tab', { name: 'Find' }).click()
    await rows(page).first().waitFor()
    await look('list on a phone')
    await page.setViewportSize({ width: 1280, height: 900 })
    rmSync(folder, { recursive: true })
  },

  async 'a pattern is corrected'({ page, studio, look, step }) {
    const folder = sounds()
    await remember(studio, folder)
    const [one] = (await studio.ask('GET', '/api/memory/patterns?words=bells&limit=1')).patterns

    step('it is seen in its sound, with what is known of it')
    await page.goto(`${studio.url}/memory/${one.id}`)
    await page.getByRole('heading', { level: 1, name: /^bells\.wav/ }).waitFor()
    await page.getByRole('slider', { name: 'End' }).waitFor()
    await page.getByTestId('neighbours').getByRole('button').first().waitFor()
    await look('a pattern')

    step('its end is moved by keyboard, and typed')
    const end = page.getByRole('spinbutton', { name: 'End, in seconds' })
    const before = Number(await end.inputValue())
    await page.getByRole('slider', { name: 'End' }).focus()
    await page.keyboard.press('ArrowLeft')
    await page.waitForFunction((was) => Number(document.querySelector('[aria-label="End"]').getAttribute('aria-valuenow')) < was - 0.0005, before)
    assert(Number(await end.inputValue()) < before)
    await page.getByRole('button', { name: 'Reset' }).click()
    assert.equal(Number(await end.inputValue()), before)
    const wanted = Number((before - 0.25).toFixed(3))
    await end.fill(String(wanted))
    await page.getByRole('combobox', { name: 'Kind' }).fill('bell')
    await page.getByRole('textbox', { name: 'Tags, separated by commas' }).fill('tower, far')
    await look('a pattern is changed')
    await page.getByRole('button', { name: 'Save' }).click()

    step('it is another pattern then, described anew')
    await page.waitForURL((url) => url.pathname.startsWith('/memory/') && !url.pathname.endsWith(one.id))
    await page.getByText('New sounds are cut with this in mind').first().waitFor()
    const id = new URL(page.url()).pathname.split('/').at(-1)
    await settled(studio)
    const now = await studio.ask('GET', `/api/memory/patterns/${id}`)
    assert.equal(now.pattern.end_secs, wanted)
    assert.deepEqual([now.pattern.kind, now.pattern.tags, now.pattern.is_by_hand], ['bell', ['tower', 'far'], true])
    assert.equal(now.pattern.confidence, 1)
    assert(now.spaces.length > 0, 'it has no vector')
    await page.getByText('Its start and end: set by you.').waitFor()
    await page.getByTestId('kind').getByText('bell').waitFor()

    step('an end that cannot be is refused in the form')
    await page.getByRole('spinbutton', { name: 'End, in seconds' }).fill('0')
    await page.getByRole('spinbutton', { name: 'End, in seconds' }).blur()
    await page.getByText('A pattern must be at least 20 ms long').waitFor()
    assert(await page.getByRole('button', { name: 'Save' }).isDisabled())
    await page.getByRole('button', { name: 'Reset' }).click()

    step('it plays in its sound, and is rated')
    await page.getByRole('button', { name: 'Play', exact: true }).first().click()
    await page.getByRole('region', { name: 'Player' }).waitFor()
    await page.getByRole('button', { name: 'Good', exact: true }).click()
    await page.getByText('Good: 1 ·').first().waitFor()

    step('a kind and a tag of one’s own are found')
    await page.goto(`${studio.url}/memory?q=bell`)
    await page.locator(`[data-pattern="${id}"]`).waitFor()
    await page.getByRole('tab', { name: 'Contents' }).click()
    await page.getByText(/one sound that you corrected|corrected one sound/).waitFor()
    await page.goto(`${studio.url}/memory/${id}`)
    await page.getByRole('slider', { name: 'End' }).waitFor()
    await page.setViewportSize({ width: 390, height: 844 })
    await look('a pattern on a phone')
    await page.setViewportSize({ width: 1280, height: 900 })
    rmSync(folder, { recursive: true })
  },

  async 'the map, and patterns that leave and come back'({ page, studio, look, step }) {
    const folder = sounds()
    await remember(studio, folder)

    step('the map is walked by keyboard, and neighbours are visited')
    await page.goto(`${studio.url}/memory?tab=map`)
    const map = page.getByTestId('pattern-map')
    await map.waitFor()
    await map.focus()
    await page.keyboard.press('ArrowRight')
    await page.waitForURL((url) => url.searchParams.has('chosen'))
    const chosen = () => new URL(page.url()).searchParams.get('chosen')
    const first = chosen()
    const neighbour = page.getByTestId('neighbours').getByRole('button').first()
    await neighbour.waitFor()
    await look('map')
    await neighbour.click()
    await page.waitForURL((url) => url.searchParams.get('chosen') !== first)
    await map.focus()
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.pathname.startsWith('/memory/'))
    await page.getByRole('heading', { name: 'Facts' }).waitFor()

    step('what was found is exported')
    await page.goto(`${studio.url}/memory?q=loop`)
    await page.getByRole('button', { name: 'Export the results' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('radio', { name: 'A library file with sounds' }).check()
    await dialog.getByRole('button', { name: 'Export', exact: true }).click()
    const link = dialog.getByRole('link', { name: 'Download the file' })
    await link.waitFor({ timeout: 60_000 })
    await look('exported')
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
    const file = join(folder, 'loops.memory')
    await download.saveAs(file)
    assert(readFileSync(file).length > 1000)
    await dialog.getByRole('button', { name: 'Close' }).last().click()

    step('they are taken out, and come back by undo and from the file')
    const [n] = [(await studio.ask('GET', '/api/memory/patterns?words=loop')).n_total]
    await page.getByRole('button', { name: 'Select this page' }).click()
    await page.getByTestId('selection').getByText(`${n} selected`).waitFor()
    await look('selected')
    await page.getByTestId('selection').getByRole('button', { name: 'Take out' }).click()
    await page.getByText('No pattern matches').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('button', { name: 'Select this page' }).click()
    await page.getByTestId('selection').getByText(`${n} selected`).waitFor()
    await page.getByTestId('selection').getByRole('button', { name: 'Take out' }).click()
    await page.getByText('No pattern matches').waitFor()
    await page.getByRole('tab', { name: 'Contents' }).click()
    await page.getByTestId('import-file').setInputFiles(file)
    await page.getByText(`${n} new pattern`).first().waitFor()
    assert.equal((await studio.ask('GET', '/api/memory/patterns?words=loop')).n_total, n)

    step('a folder of sounds goes on to a dataset')
    await page.goto(`${studio.url}/memory?q=bells`)
    await page.getByRole('button', { name: 'Export the results' }).click()
    await dialog.getByRole('radio', { name: 'A folder of sounds' }).check()
    await dialog.getByRole('button', { name: 'Export', exact: true }).click()
    await dialog.getByRole('link', { name: 'New dataset from these' }).click({ timeout: 60_000 })
    await page.getByRole('heading', { name: 'New dataset' }).waitFor()
    await page.getByText(/^\d+ sound files?/).first().waitFor()
    rmSync(folder, { recursive: true })
  },
})
