// Games: one click on the dashboard, and an agent is watched as it learns; its films are kept, named, thrown away.

import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'

import { travel } from './harness.mjs'

/** From the click to the first film that plays. */
const FIRST_FILM_SECS = 30

await travel({
  async 'an agent is watched as it learns'({ page, studio, look, step }) {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: studio.url })

    step('one click on the dashboard of an empty workspace starts a training')
    await page.goto(studio.url)
    const start = page.getByRole('button', { name: 'Watch an agent learn' })
    await start.waitFor()
    await look('dashboard')
    const clicked = Date.now()
    await start.click()
    await page.waitForURL(/\/runs\/(?!new)/)
    const run = idOf(page)

    step('the film of its first moves plays')
    const tile = page.getByRole('button', { name: /^0% watch/ })
    await tile.waitFor({ timeout: FIRST_FILM_SECS * 1000 })
    await tile.click()
    const video = page.getByTestId('agent-film')
    await video.waitFor()
    await page.waitForFunction(() => (document.querySelector('[data-testid=agent-film]')?.currentTime ?? 0) > 0.2)
    const secs = (Date.now() - clicked) / 1000
    step(`it plays ${secs.toFixed(1)} s after the click`)
    assert(secs < FIRST_FILM_SECS, `the first film played after ${secs} s`)

    step('its time goes on, and goes where it is sent')
    const before = await video.evaluate((film) => film.currentTime)
    await page.waitForFunction((then) => document.querySelector('[data-testid=agent-film]').currentTime > then + 0.3, before)
    const sought = await video.evaluate(async (film) => {
      film.pause()
      const there = new Promise((resolve) => film.addEventListener('seeked', resolve, { once: true }))
      film.currentTime = film.duration / 2
      await there
      return [film.currentTime, film.duration]
    })
    assert(Math.abs(sought[0] - sought[1] / 2) < 0.1, `sought half of ${sought[1]} s, and is at ${sought[0]} s`)
    const [first] = (await studio.ask('GET', `/api/films?run=${run}`)).toReversed()
    const expected = first.result.n_frames / 60
    assert(Math.abs(sought[1] - expected) <= 1 / 60, `the film lasts ${sought[1]} s, not ${expected} s`)
    await look('run of an agent')

    step('it stops when it is asked to')
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await waitUntil(async () => ['stopped', 'done'].includes((await studio.ask('GET', `/api/runs/${run}`)).job.state.state), 'the run does not stop')
    await page.getByRole('button', { name: 'Continue for another hour' }).waitFor()
    await look('stopped run of an agent')

    step('the agent is watched live, and played in the place of')
    await page.getByRole('link', { name: 'Watch it live, or play' }).click()
    const board = page.getByRole('application')
    await board.waitFor()
    // A picture that moves is not one colour, and not the same a moment later.
    const picture = () => board.locator('canvas').evaluate((canvas) => canvas.toDataURL())
    const seen = await picture()
    await waitUntil(async () => (await picture()) !== seen, 'the game stands still')
    await page.getByRole('button', { name: 'Take over' }).click()
    await page.keyboard.down('ArrowLeft')
    await waitUntil(async () => (await board.getAttribute('data-mine')) === 'true', 'the keys do nothing')
    await page.keyboard.up('ArrowLeft')
    await waitUntil(async () => (await board.getAttribute('data-mine')) === 'false', 'the agent does not go on')
    await look('a game in play')
    await page.goBack()

    step('a film of another look is asked for')
    await page.getByRole('button', { name: 'Make a film' }).click()
    const maker = page.getByRole('dialog', { name: 'Make a film' })
    await maker.getByRole('radio', { name: /^Milestone/ }).check()
    await look('make a film')
    await maker.getByRole('checkbox', { name: 'Learning curve' }).check()
    await maker.getByRole('button', { name: 'Make film' }).click()
    await page.waitForURL(/\/videos\//)
    await page.getByRole('link', { name: 'Download' }).waitFor({ timeout: 60_000 })
    const made = await studio.ask('GET', `/api/films/${idOf(page)}`)
    assert.equal(made.film.look.curve, true)

    step('its place and its words are copied')
    await page.getByRole('button', { name: 'Copy path' }).click()
    assert(existsSync(await copied(page)), 'there is no film at the copied path')
    await page.getByRole('button', { name: 'Copy title' }).click()
    assert.equal(await copied(page), made.result.title)
    await look('film')

    step('it is named, and found by its name')
    await page.keyboard.press('r')
    await page.getByRole('textbox', { name: 'Rename' }).fill('My first agent')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'My first agent' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('v')
    await page.getByRole('heading', { level: 1, name: 'Videos' }).waitFor()
    const films = page.getByRole('list', { name: 'Films' })
    await films.getByRole('link', { name: /My first agent/ }).waitFor()
    await look('videos')
    await page.keyboard.press('/')
    await page.keyboard.type('first my')
    await page.waitForFunction(() => document.querySelectorAll('a.tile').length === 1)

    step('it is liked, deleted and brought back')
    await page.getByRole('button', { name: 'Favourite: My first agent' }).click()
    await page.waitForFunction(() => document.querySelector('button.star').getAttribute('aria-pressed') === 'true')
    await page.getByRole('checkbox', { name: 'Select My first agent' }).check()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByText('No film matches the filters').waitFor()
    await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' }).click()
    await films.getByRole('link', { name: /My first agent/ }).waitFor()
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await page.getByRole('button', { name: 'Mark all as watched' }).click()
    await page.getByRole('button', { name: 'Mark all as watched' }).waitFor({ state: 'detached' })

    step('the library finds it, too, and plays it there')
    await page.goto(`${studio.url}/library?q=${encodeURIComponent('kind:film my first')}`)
    const found = page.getByRole('region', { name: 'Films' })
    await found.getByText('1 film', { exact: true }).waitFor()
    await look('films in the library')
    await found.getByRole('button', { name: 'Play My first agent' }).click()
    await page.waitForFunction(() => (document.querySelector('section video')?.currentTime ?? 0) > 0.2)
    await found.getByRole('link', { name: 'My first agent' }).waitFor()

    step('the dashboard shows the newest film')
    await page.goto(studio.url)
    await page.getByText('Newest film').waitFor()
    await look('dashboard with a film')
  },

  async 'games to choose from'({ page, studio, look, step }) {
    step('there are no films yet')
    await page.goto(`${studio.url}/videos`)
    await page.getByRole('heading', { name: 'No films yet' }).waitFor()
    await look('no films')
    await page.getByRole('link', { name: 'Choose a game' }).click()

    step('nine games, each with a picture and what is reached in it')
    await page.getByRole('heading', { level: 1, name: 'Games' }).waitFor()
    await page.waitForFunction(() => document.querySelectorAll('main article').length === 9)
    await look('games')

    step('a game has a page')
    await page.getByRole('link', { name: 'Snake' }).click()
    await page.getByRole('heading', { name: 'Leaderboard' }).waitFor()
    await look('game')

    step('more settings, with the game chosen')
    await page.getByRole('button', { name: 'Other ways to train an agent to play Snake' }).click()
    await page.getByRole('menuitem', { name: 'More settings…' }).click()
    await page.getByRole('radio', { name: 'Snake' }).waitFor()
    assert(await page.getByRole('radio', { name: 'Snake' }).isChecked())
    assert(await page.getByRole('radio', { name: /^Quick/ }).isChecked())
    await page.getByTestId('run-summary').getByText('parameters').first().waitFor()
    await look('form')
    await page.getByRole('radio', { name: 'CartPole', exact: true }).check()
    await page.getByRole('combobox', { name: 'When to stop' }).click()
    await page.getByRole('option', { name: 'After a number of steps' }).click()
    await page.getByLabel('Steps in total').fill('4000')
    await page.getByRole('button', { name: 'Start training' }).click()
    await page.waitForURL(/\/runs\/(?!new)/)
    const run = idOf(page)
    await waitUntil(async () => (await studio.ask('GET', `/api/runs/${run}`)).job.state.state === 'done', 'the run does not get done')
    assert.equal((await studio.ask('GET', `/api/runs/${run}`)).game, 'cartpole')

    step('it is on the leaderboard')
    await page.goto(`${studio.url}/games/cartpole`)
    await page.getByRole('region', { name: 'Leaderboard' }).locator(`a[href="/runs/${run}"]`).waitFor()
    await look('game with an agent')

    step('it all fits a narrow window')
    await page.setViewportSize({ width: 320, height: 800 })
    for (const path of ['games', 'games/cartpole', 'videos', `runs/${run}`]) {
      await page.goto(`${studio.url}/${path}`)
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      await page.waitForTimeout(500)
      await look(`narrow ${path.replace(run, 'run')}`)
    }

    step('a game that is not there is said to be')
    await page.goto(`${studio.url}/games/chess`)
    await page.getByTestId('problem').waitFor()
    await look('no such game')
  },
})

function idOf(page) {
  return new URL(page.url()).pathname.split('/').at(-1)
}

function copied(page) {
  return page.evaluate(() => navigator.clipboard.readText())
}

async function waitUntil(isSo, otherwise) {
  for (let i = 0; i < 300; i++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(otherwise)
}
