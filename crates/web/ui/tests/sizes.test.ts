// The built pages stay small: what the first screen needs, and what each page adds.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'

import { expect, test } from 'vitest'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
const isBuilt = existsSync(`${dist}assets`)

/** Bytes of a file as they travel. */
function sent(path: string): number {
  const compressed = `${dist}${path}.br`
  return existsSync(compressed) ? statSync(compressed).size : brotliCompressSync(readFileSync(`${dist}${path}`)).length
}

test.runIf(isBuilt)('the first screen is at most 90 kB', () => {
  const html = readFileSync(`${dist}index.html`, 'utf8')
  const first = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, path]) => path ?? '')
  expect(first.length).toBeGreaterThan(1)
  expect(first.reduce((sum, path) => sum + sent(path), 0)).toBeLessThanOrEqual(90_000)
})

test.runIf(isBuilt)('every part that is loaded later is at most 60 kB, all of it at most 620 kB', () => {
  const files = readdirSync(`${dist}assets`).filter((name) => !/\.(br|gz)$/.test(name))
  const sizes = files.map((name) => [name, sent(`assets/${name}`)] as const)
  for (const [name, size] of sizes) expect(size, name).toBeLessThanOrEqual(60_000)
  expect(sizes.reduce((sum, [, size]) => sum + size, 0)).toBeLessThanOrEqual(620_000)
})

test.runIf(isBuilt)('nothing inline, nothing from elsewhere: the content security policy would block it', () => {
  const html = readFileSync(`${dist}index.html`, 'utf8')
  expect(html).not.toMatch(/<script(?![^>]*src=)|<style|https?:\/\/|\son\w+=/)
})
