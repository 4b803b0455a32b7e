// The guide: reached by key, palette and address; searched, read, and left again, all by keyboard.

import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'

import { travel } from './harness.mjs'

/** The titles of all topics in their order, as the guide's first page lists them. */
const guide = new URL('../../../../docs/guide/README.md', import.meta.url)
const topics = [...readFileSync(guide, 'utf8').matchAll(/^\d+\. \[(.+?)\]/gm)].map(([, title]) => title)
assert(topics.length > 10, 'the guide lists its topics')

const arrived = (page, title) => page.getByRole('heading', { level: 1, name: title }).waitFor()
const isFocused = (page, id) => page.waitForFunction((id) => document.activeElement?.id === id, id)

await travel({
  async 'help is reached by key, by palette and by its address'({ page, studio, look, step }) {
    step('? on a page opens help, with the topic about that page and the keys')
    await page.goto(`${studio.url}/runs`)
    await arrived(page, 'Runs')
    await page.keyboard.press('?')
    const dialog = page.getByRole('dialog', { name: 'Help' })
    await dialog.getByText('Command palette').waitFor()
    await look('panel')

    step('typing there searches the guide; Escape clears, then closes')
    const field = dialog.getByRole('searchbox', { name: 'Search the guide' })
    await page.waitForFunction(() => document.activeElement?.getAttribute('type') === 'search')
    await page.keyboard.type('latency')
    await dialog.getByRole('link', { name: /Latency and receptive field/ }).waitFor()
    await look('panel with results')
    await page.keyboard.press('Escape')
    assert.equal(await field.inputValue(), '')
    await dialog.getByText('Command palette').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })

    step('the panel leads to the topic about the page')
    await page.keyboard.press('?')
    await dialog.getByRole('link', { name: 'Guide to this page: Training' }).click()
    await page.waitForURL(`${studio.url}/help/training`)
    await arrived(page, 'Training')
    await dialog.waitFor({ state: 'detached' })

    step('the palette finds a section by words of its text')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('gradient clipping')
    await page.getByRole('option', { name: 'Training: Divergence' }).waitFor()
    await look('palette')
    await page.getByRole('option', { name: 'Training: Divergence' }).click()
    await page.waitForURL(`${studio.url}/help/training#divergence`)
    await isFocused(page, 'divergence')

    step('an address with a heading opens at it')
    await page.goto(`${studio.url}/help/troubleshooting#trash`)
    await arrived(page, 'Troubleshooting')
    await isFocused(page, 'trash')
    assert(await page.getByRole('heading', { name: 'Trash' }).isVisible())

    step('a topic that there is not says so')
    await page.goto(`${studio.url}/help/nothing`)
    await arrived(page, 'Page not found')
  },

  async 'the guide is searched and read by keyboard'({ page, studio, look, step }) {
    await page.goto(`${studio.url}/help`)
    await arrived(page, 'Help')
    await page.getByRole('link', { name: /^First steps/ }).waitFor()
    await look('guide')

    step('/ goes to the search, arrows through the results, Enter opens one')
    await page.keyboard.press('/')
    await page.keyboard.type('checkpoint')
    await page.waitForURL(`${studio.url}/help?q=checkpoint`)
    await page.getByText(/\d+ results?$/).waitFor()
    assert((await page.locator('mark').count()) > 1, 'what was looked for is marked')
    await look('results')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${studio.url}/help/training#checkpoints`)
    await isFocused(page, 'checkpoints')

    step('Back finds the results again')
    await page.goBack()
    await page.waitForURL(`${studio.url}/help?q=checkpoint`)
    assert.equal(await page.getByRole('searchbox', { name: 'Search the guide' }).inputValue(), 'checkpoint')

    step('what nobody wrote about is said')
    await page.getByRole('searchbox', { name: 'Search the guide' }).fill('xylophone')
    await page.getByText('Nothing in the guide matches “xylophone”.').waitFor()

    step('links between topics are followed without loading the page anew')
    await page.goto(`${studio.url}/help/first-steps`)
    await arrived(page, 'First steps')
    await page.evaluate(() => (globalThis.isSamePage = true))
    await page.getByRole('article').getByRole('link', { name: 'trash' }).click()
    await page.waitForURL(`${studio.url}/help/troubleshooting#trash`)
    await isFocused(page, 'trash')
    assert(await page.evaluate(() => globalThis.isSamePage === true))

    step('every topic, wide and narrow, from the first to the last')
    await page.goto(`${studio.url}/help/first-steps`)
    for (const title of topics) {
      await arrived(page, title)
      await page.getByRole('article').waitFor()
      await look(title)
      await page.setViewportSize({ width: 320, height: 640 })
      await look(`${title} narrow`)
      await page.setViewportSize({ width: 1920, height: 1080 })
      await look(`${title} wide`)
      await page.setViewportSize({ width: 1280, height: 900 })
      if (title !== topics.at(-1)) await page.getByRole('link', { name: /^Next/ }).click()
    }

    step('the table of contents leads to headings')
    const contents = page.getByRole('navigation', { name: 'On this page' })
    await contents.getByRole('link', { name: 'No sound' }).click()
    await page.waitForURL(`${studio.url}/help/troubleshooting#no-sound`)
    assert(await page.getByRole('heading', { name: 'No sound' }).isVisible())
  },
})
