// A project of another program: opened with one sound there and one missing, seen, written in other forms and read again;
// and a take that becomes a project with its bars where they are heard.

import { strict as assert } from 'node:assert'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { clicks, tone, travel } from './harness.mjs'

/** A project for REAPER: notes, a sound that is there, one that is not, a tempo map, markers. Source: files that REAPER writes. */
const PROJECT = `<REAPER_PROJECT 0.1 "7.0" 0
  TEMPO 120 4 4
  <TEMPOENVEX
    PT 0 120 1 262148 0 1
    PT 8 90 1 262147 0 1
  >
  MARKER 1 0 "Intro" 0
  MARKER 2 8 "Waltz" 0
  <TRACK
    NAME "Keys"
    VOLPAN 0.5 0 -1 -1 1
    <FXCHAIN
      <VST "VSTi: Piano One (Someone)" piano.so 0 "" 0
      >
    >
    <ITEM
      POSITION 0
      LENGTH 4
      NAME "riff"
      <SOURCE MIDI
        HASDATA 1 960 QN
${[60, 64, 67, 72, 60, 65, 69, 72].map((key) => `        E 0 90 ${key.toString(16)} 64\n        E 960 80 ${key.toString(16)} 00`).join('\n')}
        E 0 b0 7b 00
      >
    >
  >
  <TRACK
    NAME "Voice"
    <ITEM
      POSITION 2
      LENGTH 3
      NAME "hum"
      <SOURCE WAVE
        FILE "hum.wav"
      >
    >
    <ITEM
      POSITION 8
      LENGTH 4
      NAME "chorus"
      <SOURCE WAVE
        FILE "D:\\Old disk\\chorus.wav"
      >
    >
  >
>
`

await travel({
  async 'a project of another program'({ page, studio, look, step }) {
    const song = join(studio.workspace, '..', `${studio.workspace.split('/').pop()}-song`)
    await mkdir(join(song, 'backup'), { recursive: true })
    await writeFile(join(song, 'Song.rpp'), PROJECT)
    await writeFile(join(song, 'hum.wav'), tone(3))
    const elsewhere = `${song}-elsewhere`
    await mkdir(join(elsewhere, 'deep'), { recursive: true })
    await writeFile(join(elsewhere, 'deep', 'Chorus.wav'), tone(4, 330))

    step('the page is empty at first, and says what to do')
    await page.goto(`${studio.url}/daw`)
    await page.getByRole('heading', { name: 'No projects of other programs' }).waitFor()
    await look('empty')

    step('a project in a watched folder is listed, and opens')
    const { job } = await studio.ask('POST', '/api/library/folders', { source: { from: 'path', path: song }, is_only_listed: false })
    assert(job)
    await page.reload()
    await page.getByRole('link', { name: 'Song' }).click()
    await page.getByRole('heading', { level: 1, name: 'Song' }).waitFor()
    await page.getByText('90 to 120 BPM, 1 change').waitFor()
    await page.getByText('4/4, 3/4').waitFor()
    await page.getByText('VSTi: Piano One (Someone)').waitFor()
    await page.getByText('1 found, 1 missing').first().waitFor()
    const missing = page.getByTestId('missing')
    await missing.getByText('D:\\Old disk\\chorus.wav').waitFor()
    await page.getByText('1 is in the library').waitFor({ timeout: 60_000 })
    await page.getByRole('slider', { name: 'Arrangement of Song' }).waitFor()
    await look('project')

    step('the place moves by keyboard, and a clip is chosen by the mouse')
    const time = page.getByRole('slider', { name: 'Arrangement of Song' })
    await time.focus()
    await page.keyboard.press('End')
    await page.getByText('Bar 7, 12').waitFor()
    await page.keyboard.press('Home')
    await page.getByText('Bar 1, 0').waitFor()
    const lane = await page.locator('.lane canvas').nth(1).boundingBox()
    await page.mouse.click(lane.x + (lane.width * 9) / 12, lane.y + lane.height / 2)
    const clip = page.getByTestId('clip')
    await clip.getByText('chorus', { exact: true }).waitFor()
    await clip.getByText(/Voice, bar 5/).waitFor()
    await clip.getByText('D:\\Old disk\\chorus.wav was not found').waitFor()

    step('the answers are those of the command')
    const report = await studio.ask('GET', `/api/daw?path=${encodeURIComponent(join(song, 'Song.rpp'))}`)
    assert.deepEqual(report.tracks.map(({ name }) => name), ['Keys', 'Voice'])
    assert.deepEqual(report.tracks[1].clips.map(({ is_found }) => is_found), [true, false])

    step('the missing sound is found in another folder')
    await page.getByRole('button', { name: 'Look for them in a folder' }).click()
    const field = page.getByRole('textbox', { name: /Folder|Path/ }).last()
    await field.fill(elsewhere)
    await page.getByRole('button', { name: 'Look in this folder' }).click()
    await page.getByText('2 found, 0 missing').first().waitFor()
    await page.getByText('No sound is missing.').waitFor()

    step('its sounds come into the library with tags')
    await page.getByRole('button', { name: 'Take 1 sound into the library' }).click()
    await page.getByText('2 are in the library').waitFor({ timeout: 60_000 })
    // Tags of a new sound are known once it is analysed.
    const tagged = () => studio.ask('GET', `/api/library/items?q=${encodeURIComponent('tag:Song tag:Voice')}`)
    for (let i = 0; i < 100 && (await tagged()).total < 2; i++) await page.waitForTimeout(200)
    assert.deepEqual((await tagged()).items.map(({ name }) => name).sort(), ['Chorus', 'hum'])
    await look('found')

    step('it is written as DAWproject, and read again')
    await page.getByRole('radio', { name: /^DAWproject/ }).check()
    await page.getByRole('button', { name: 'Write', exact: true }).click()
    await page.getByTestId('result').waitFor({ timeout: 60_000 })
    const href = await page.getByTestId('result').getByRole('link', { name: /^Download/ }).getAttribute('href')
    const saved = join(elsewhere, 'again.dawproject')
    await writeFile(saved, Buffer.from(await (await fetch(studio.url + href)).arrayBuffer()))
    const again = await studio.ask('GET', `/api/daw?path=${encodeURIComponent(saved)}`)
    // The master comes after the others.
    assert.deepEqual(again.tracks.map(({ name }) => name).slice(0, 2), ['Keys', 'Voice'])
    assert.deepEqual(again.tempos.map(({ bpm }) => bpm), [120, 90])
    assert.deepEqual(again.markers.map(({ name }) => name), ['Intro', 'Waltz'])
    assert.equal(again.tracks[0].clips[0].notes, 8)
    assert.deepEqual(again.tracks[1].clips.map(({ is_found }) => is_found), [true, true])
    await page.getByText('One effect comes along as a name only.').waitFor()

    step('it is written as stems, and a stem has its sound where it lies')
    await page.getByRole('radio', { name: /^Stems/ }).check()
    await page.getByRole('button', { name: 'Write', exact: true }).click()
    const stem = page.getByRole('link', { name: /^Download Song 02 Voice/ })
    await stem.waitFor({ timeout: 60_000 })
    const sound = Buffer.from(await (await fetch(studio.url + (await stem.getAttribute('href')))).arrayBuffer())
    assert.equal(sound.subarray(0, 4).toString(), 'RIFF')
    // 24 bits, two channels, 48 kHz: silent before 2 s, then the tone.
    const start = sound.indexOf('data') + 8
    const loudest = (from, to) => {
      let most = 0
      for (let i = Math.round(from * 48_000); i < to * 48_000; i++) most = Math.max(most, Math.abs(sound.readIntLE(start + 6 * i, 3)))
      return most
    }
    assert.equal(loudest(0, 1.9), 0)
    assert(loudest(2.5, 3) > 1_000_000)
    await look('stems')

    step('the notes of a clip open on their page')
    await page.getByRole('button', { name: 'Clips as a list' }).click()
    await page.getByRole('button', { name: 'Open the notes of riff' }).click()
    await page.getByRole('heading', { level: 1, name: 'riff' }).waitFor({ timeout: 60_000 })
    await page.getByRole('slider', { name: 'Notes of riff' }).waitFor()
    assert.match(new URL(page.url()).pathname, /^\/library\/[^/]+\/notes$/)

    step('the page fits a phone')
    await page.goBack()
    await page.getByRole('heading', { level: 1, name: 'Song' }).waitFor()
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByRole('slider', { name: 'Arrangement of Song' }).waitFor()
    await look('on a phone')
  },

  async 'a take becomes a project'({ page, studio, look, step }) {
    step('a loop is dropped and analysed')
    await page.goto(`${studio.url}/library`)
    await page.locator('input[type=file]').first().setInputFiles({ name: 'loop.wav', mimeType: 'audio/wav', buffer: clicks(32, 100) })
    const grid = page.getByRole('grid', { name: 'Library' })
    await grid.waitFor()
    await page.getByText('100 BPM').first().waitFor({ timeout: 60_000 })
    await grid.focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'loop' }).waitFor()

    step('it is exported as a project, and its bars are where they are heard')
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('menuitem', { name: 'Project with its bars, for REAPER' }).click()
    const link = page.getByTestId('result').getByRole('link', { name: /^Download/ })
    await link.waitFor({ timeout: 60_000 })
    await page.getByText('8, 4/4').waitFor()
    await look('project made')
    const [{ id }] = (await studio.ask('GET', '/api/library/items')).items
    const { analysis } = await studio.ask('GET', `/api/library/items/${id}`)
    const saved = join(studio.workspace, '..', `${studio.workspace.split('/').pop()}.rpp`)
    await writeFile(saved, Buffer.from(await (await fetch(studio.url + (await link.getAttribute('href')))).arrayBuffer()))
    const report = await studio.ask('GET', `/api/daw?path=${encodeURIComponent(saved)}`)
    const picture = await studio.ask('GET', `/api/daw/picture?path=${encodeURIComponent(saved)}`)
    const [clip] = report.tracks[0].clips
    assert.equal(clip.is_found, true)
    assert(analysis.downbeats_s.length >= 7, JSON.stringify(analysis.downbeats_s))
    for (const downbeat of analysis.downbeats_s) {
      const off = Math.min(...picture.bars_s.map((at) => Math.abs(at - clip.at_s - downbeat)))
      assert(off < 0.012, `a downbeat at ${downbeat} s is ${off} s off its bar`)
    }
  },
})
