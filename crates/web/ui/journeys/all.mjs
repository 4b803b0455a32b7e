// Every journey, one after another; `node journeys/all.mjs datasets` only those with the word.

import { readdirSync } from 'node:fs'

const wanted = process.argv[2] ?? ''
const files = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.journey.mjs') && name.includes(wanted))
for (const file of files.sort()) await import(`./${file}`)
