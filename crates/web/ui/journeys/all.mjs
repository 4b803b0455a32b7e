// Every journey, one after another; `node journeys/all.mjs datasets` only those with the word.

import { readdirSync } from 'node:fs'

import { journey } from './harness.mjs'

const wanted = process.argv[2] ?? ''
const files = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.journey.mjs') && name.includes(wanted))
let isWell = true
for (const file of files.sort()) {
  const { default: journeys } = await import(`./${file}`)
  for (const [name, travel] of Object.entries(journeys)) isWell = (await journey(name, travel)) && isWell
}
process.exit(isWell ? 0 : 1)
