// Projects: made, switched between, filled, sorted into, taken away as an archive and brought back, deleted.

import { strict as assert } from 'node:assert'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { travel } from './harness.mjs'

const NARROW = { width: 400, height: 800 }
const WIDE = { width: 1280, height: 900 }

/** Looks at the page in a wide and in a narrow window. */
async function lookEverywhere(page, look, what) {
  await look(what)
  await page.setViewportSize(NARROW)
  await look(`${what} narrow`)
  await page.setViewportSize(WIDE)
}

const switcher = (page) => page.getByRole('button', { name: /^Project: / }).filter({ visible: true })
const rows = (page) => page.getByRole('row').filter({ has: page.getByRole('gridcell') })

async function switchTo(page, name) {
  await switcher(page).click()
  await page.getByRole('menuitemradio', { name, exact: true }).click()
  await page.getByRole('button', { name: `Project: ${name}` }).filter({ visible: true }).waitFor()
}

/** Datasets of the sample sounds, prepared. */
async function fill(studio, page, names, project) {
  for (const name of names) await studio.ask('POST', `/api/datasets?project=${project}`, { name, source: { from: 'samples' } })
  while ((await studio.ask('GET', '/api/datasets')).some((one) => !one.summary)) await page.waitForTimeout(100)
}

await travel({
  async 'a project is made and filled, and lists are of it'({ page, studio, look, step }) {
    await fill(studio, page, ['Everything'], 'default')

    step('one project: the page says what others are for')
    await page.goto(`${studio.url}/projects`)
    await page.getByRole('heading', { name: 'Everything is in one project so far' }).waitFor()
    await lookEverywhere(page, look, 'one project')

    step('a name that is taken is refused beside the field')
    await page.keyboard.press('n')
    const dialog = page.getByRole('dialog', { name: 'New project' })
    await dialog.getByRole('textbox', { name: 'Name' }).fill('default')
    await page.keyboard.press('Enter')
    await dialog.getByRole('alert').waitFor()
    await look('name taken')

    step('the new one is empty, and shown at once')
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Drum machine')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Project: Drum machine' }).waitFor()
    await page.getByRole('heading', { level: 1, name: 'Dashboard' }).waitFor()
    await page.getByRole('heading', { name: 'Make your first sound model' }).or(page.getByRole('link', { name: 'Use the sample sounds' })).first().waitFor()
    await look('new project')

    step('what is made goes into it')
    await page.getByRole('link', { name: 'Use the sample sounds' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Kicks')
    await page.getByRole('button', { name: 'Create dataset' }).click()
    await page.getByRole('grid', { name: 'Files' }).waitFor({ timeout: 60_000 })
    const [kicks] = await studio.ask('GET', '/api/datasets?project=drum-machine')
    assert.equal(kicks.name, 'Kicks')

    step('a list shows one project, another, or all of them with their names')
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Datasets' }).click()
    await page.getByRole('link', { name: 'Kicks' }).waitFor()
    assert.equal(await rows(page).count(), 1)
    await switchTo(page, 'Default')
    await page.getByRole('link', { name: 'Everything' }).waitFor()
    assert.equal(await rows(page).count(), 1)
    await switchTo(page, 'All projects')
    await page.getByRole('row', { name: /Kicks.*Drum machine/ }).waitFor()
    assert.equal(await rows(page).count(), 2)
    await lookEverywhere(page, look, 'all projects')

    step('the filter knows projects')
    await page.getByRole('searchbox').fill('project:drum')
    await page.getByText('1 of 2').waitFor()
    await page.getByRole('searchbox').fill('')

    step('the menu, by keyboard')
    await switcher(page).focus()
    await page.keyboard.press('ArrowDown')
    await page.getByRole('menu', { name: 'Projects' }).waitFor()
    await look('menu')
    await page.keyboard.type('dru')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Project: Drum machine' }).waitFor()

    step('the palette switches, too')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').or(page.getByPlaceholder('Type a command, a page or a name')).first().waitFor()
    await page.keyboard.type('switch to project def')
    await page.getByRole('option', { name: 'Switch to project Default' }).waitFor()
    await look('palette')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Project: Default' }).waitFor()

    step('a thing of another project opens by its link, and says where it is')
    await page.goto(`${studio.url}/datasets/${kicks.id}`)
    await page.getByRole('heading', { level: 1, name: 'Kicks' }).waitFor()
    await page.getByTitle('Project: Drum machine').waitFor()
    await page.getByRole('link', { name: 'Train a model' }).click()
    await page.getByRole('combobox', { name: 'Dataset' }).getByText('Kicks').waitFor()

    step('the choice stays; from the page of a thing, switching leads to the list')
    await page.reload()
    await page.getByRole('button', { name: 'Project: Default' }).waitFor()
    await page.goto(`${studio.url}/datasets/${kicks.id}`)
    await page.getByRole('heading', { level: 1, name: 'Kicks' }).waitFor()
    await switchTo(page, 'Drum machine')
    await page.waitForURL(`${studio.url}/datasets`)

    step('a narrow window has the switcher at its top, a narrow rail its picture')
    await page.setViewportSize(NARROW)
    await switcher(page).click()
    await page.getByRole('menu', { name: 'Projects' }).waitFor()
    await look('narrow menu')
    await page.keyboard.press('Escape')
    await page.setViewportSize(WIDE)
    await page.getByRole('button', { name: 'Collapse sidebar' }).click()
    await switcher(page).hover()
    await look('narrow rail')
    await page.getByRole('button', { name: 'Expand sidebar' }).click()

    step('a project that is gone gives way to all of them, quietly')
    await studio.ask('DELETE', '/api/projects/drum-machine')
    await page.getByRole('region', { name: 'Messages' }).getByText('The project you were in is gone.').waitFor()
    await page.getByRole('button', { name: 'Project: All projects' }).waitFor()
    await page.getByRole('link', { name: 'Everything' }).waitFor()

    step('so does one that is gone before the pages are opened, and nothing is asked of it')
    await page.evaluate(() => localStorage.setItem('maquette.prefs', JSON.stringify({ project: 'nowhere' })))
    const asked = []
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(`${studio.url}/datasets`)
    await page.getByRole('button', { name: 'Project: All projects' }).waitFor()
    await page.getByRole('link', { name: 'Everything' }).waitFor()
    assert.deepEqual(asked.filter((url) => url.includes('nowhere')), [])
  },

  async 'things are moved, and back'({ page, studio, look, step }) {
    await studio.ask('POST', '/api/projects', { name: 'Voice' })
    await fill(studio, page, ['One', 'Two', 'Three'], 'default')
    const inVoice = async () => (await studio.ask('GET', '/api/datasets?project=voice')).map(({ name }) => name).sort()

    step('one, from the menu of its row')
    await page.goto(`${studio.url}/datasets?sort=name`)
    await page.getByRole('button', { name: 'Actions for One' }).click()
    await page.getByRole('menuitem', { name: 'Move to project…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Move to project' })
    assert(await dialog.getByRole('radio', { name: /Default/ }).isDisabled())
    await lookEverywhere(page, look, 'move')
    await dialog.getByRole('button', { name: 'Move' }).click()
    const said = page.getByRole('region', { name: 'Messages' })
    await said.getByText('“One” moved to “Voice”').waitFor()
    await page.getByRole('row', { name: /One.*Voice/ }).waitFor()

    step('several, into a project that is made for them; undo brings them back')
    const grid = page.getByRole('grid', { name: 'Datasets' })
    await grid.focus()
    await page.keyboard.press('Control+a')
    await page.getByRole('group', { name: 'Selected items' }).getByRole('button', { name: 'Move to project…' }).click()
    await dialog.getByRole('radio', { name: 'A new project' }).check()
    await dialog.getByRole('textbox', { name: 'Name of the new project' }).fill('Choir')
    await look('move several')
    await page.keyboard.press('Enter')
    await said.getByText('3 items moved to “Choir”').waitFor()
    assert.deepEqual(await inVoice(), [])
    await page.keyboard.press('Control+z')
    await said.getByText('Undone').waitFor()
    assert.deepEqual(await inVoice(), ['One'])

    step('what is in use stays, with the reason')
    const [two] = (await studio.ask('GET', '/api/datasets')).filter(({ name }) => name === 'Two')
    const run = await studio.ask('POST', '/api/runs', { dataset: two.id, limit: { until: 'forever' } })
    await page.getByRole('button', { name: 'Actions for Two' }).click()
    await page.getByRole('menuitem', { name: 'Move to project…' }).click()
    await dialog.getByRole('button', { name: 'Move' }).click()
    await said.locator('.bad').waitFor()
    await studio.ask('POST', `/api/runs/${run.id}/stop`)
  },

  async 'defaults for new runs'({ page, studio, look, step }) {
    await studio.ask('POST', '/api/projects', { name: 'Voice' })
    await fill(studio, page, ['Aah'], 'voice')

    step('they are chosen on the form of a run')
    await page.goto(`${studio.url}/projects/voice`)
    await page.getByRole('heading', { level: 1, name: 'Voice' }).waitFor()
    await lookEverywhere(page, look, 'project')
    await page.getByRole('link', { name: 'Choose defaults' }).click()
    await page.getByRole('heading', { level: 1, name: 'Defaults for new runs in “Voice”' }).waitFor()
    await page.getByRole('radio', { name: /^Standard/ }).check()
    await page.getByRole('textbox', { name: 'minutes' }).or(page.getByRole('spinbutton').first()).first().waitFor()
    await look('choosing defaults')
    await page.getByRole('button', { name: 'Save as defaults' }).click()
    await page.getByRole('button', { name: 'Clear' }).waitFor()
    await page.getByRole('definition').filter({ hasText: 'Standard' }).waitFor()
    assert.equal((await studio.ask('GET', '/api/projects/voice')).defaults.preset, 'standard')
    await look('project with defaults')

    step('a new run starts from them, or not')
    await page.goto(`${studio.url}/runs/new`)
    await page.getByText('Starts from the defaults of “Voice”.').waitFor()
    assert(await page.getByRole('radio', { name: /^Standard/ }).isChecked())
    await look('run from defaults')
    await page.getByRole('button', { name: 'Use the recommended preset' }).click()
    assert(await page.getByRole('radio', { name: /^Sketch/ }).isChecked())
    await page.getByText('Starts from the defaults of “Voice”.').waitFor({ state: 'detached' })

    step('what is chosen for a run can become the defaults')
    await page.getByRole('button', { name: 'Changes from the defaults' }).click()
    await page.getByRole('button', { name: 'Save as project defaults' }).click()
    await page.getByRole('region', { name: 'Messages' }).getByText('New runs in “Voice” now start from these settings').waitFor()
    assert.equal((await studio.ask('GET', '/api/projects/voice')).defaults.preset, 'sketch')

    step('they are cleared, and back with Undo')
    await page.goto(`${studio.url}/projects/voice`)
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByText('None. New runs start from the recommended preset.').waitFor()
    await page.keyboard.press('Control+z')
    await page.getByRole('button', { name: 'Clear' }).waitFor()
  },

  async 'an archive goes and comes; deleting has a way back'({ page, studio, look, step }) {
    await studio.ask('POST', '/api/projects', { name: 'Voice' })
    await fill(studio, page, ['Aah'], 'voice')

    step('it is downloaded')
    await page.goto(`${studio.url}/projects/voice`)
    const coming = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Export archive' }).click()
    const download = await coming
    assert.equal(download.suggestedFilename(), 'Voice.maquette.tar')
    const archive = join(studio.workspace, 'voice.maquette.tar')
    await download.saveAs(archive)

    step('it is renamed in its row')
    await page.goto(`${studio.url}/projects`)
    await page.getByRole('button', { name: 'Actions for Voice' }).click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await page.getByRole('textbox', { name: 'Rename' }).fill('Choir')
    await look('renaming')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Choir' }).waitFor()

    step('while it is sent, it can be seen and cancelled')
    const chooser = page.locator('input[type=file]')
    const network = await page.context().newCDPSession(page)
    const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 }
    await network.send('Network.emulateNetworkConditions', slow)
    await chooser.setInputFiles(archive)
    await page.getByText('Sending voice.maquette.tar').waitFor()
    await page.waitForFunction(() => Number(document.querySelector('main [role=progressbar]')?.getAttribute('aria-valuenow')) > 0)
    await lookEverywhere(page, look, 'sending')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Drop a project archive here').waitFor()
    await network.send('Network.emulateNetworkConditions', { ...slow, uploadThroughput: -1 })
    // The browser may hold back what comes next for as long as somebody listens to its network.
    await network.send('Network.disable')
    await network.detach()
    assert.equal((await studio.ask('GET', '/api/projects')).length, 2)

    step('the archive comes back as a project of its own')
    await chooser.setInputFiles(archive)
    await page.getByText('“Voice” was imported.').waitFor({ timeout: 30_000 })
    await lookEverywhere(page, look, 'imported')
    await page.getByRole('button', { name: 'Switch to it' }).click()
    await page.getByRole('button', { name: 'Project: Voice' }).waitFor()
    await page.getByRole('link', { name: 'Aah', exact: false }).first().waitFor()

    step('one that is cut short is refused in words, and so is what is no archive')
    const bytes = readFileSync(archive)
    writeFileSync(archive, bytes.subarray(0, bytes.length / 2))
    await page.goto(`${studio.url}/projects`)
    await chooser.setInputFiles(archive)
    await page.getByText(/cut short/).first().waitFor()
    await look('cut archive')
    await chooser.setInputFiles({ name: 'notes.tar', mimeType: 'application/x-tar', buffer: Buffer.from('not an archive') })
    await page.getByText(/cut short/).first().waitFor({ state: 'detached' })
    await page.getByRole('region', { name: 'Import a project' }).getByText(/archive/).first().waitFor()
    assert.equal((await studio.ask('GET', '/api/projects')).length, 3)

    step('the project that is shown is deleted and brought back, with the view')
    const shown = (await studio.ask('GET', '/api/projects')).find(({ name }) => name === 'Voice')
    await page.goto(`${studio.url}/projects/${shown.id}`)
    await page.getByText('Current project').waitFor()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Project: All projects' }).waitFor()
    await page.getByRole('region', { name: 'Messages' }).getByText('“Voice” moved to trash').waitFor()
    assert.equal(await page.getByText('The project you were in is gone').count(), 0)
    await page.getByRole('link', { name: 'Trash (1)' }).waitFor()
    await page.keyboard.press('Control+z')
    await page.getByRole('button', { name: 'Project: Voice' }).waitFor()

    step('the trash names it')
    await studio.ask('DELETE', `/api/projects/${shown.id}`)
    await page.goto(`${studio.url}/trash`)
    await page.getByRole('row', { name: /Voice.*Project/ }).waitFor()
    await page.getByRole('button', { name: 'Restore Voice' }).click()
    await page.getByRole('heading', { name: 'The trash is empty' }).waitFor()

    step('the first project stays')
    await page.goto(`${studio.url}/projects/default`)
    assert(await page.getByRole('button', { name: 'Delete' }).isDisabled())
  },
})
