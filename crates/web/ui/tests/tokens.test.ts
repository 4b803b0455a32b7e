// The contrast of every theme, recomputed from the colours themselves (WCAG 2.2, 1.4.3 and 1.4.11).

import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

const css = readFileSync(new URL('../src/styles/tokens.css', import.meta.url), 'utf8')

/** Relative luminance of `#rrggbb`. Source: WCAG 2.2, «relative luminance». */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const share = parseInt(hex.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

function theme(name: string): Record<string, string> {
  const start = css.indexOf(`:root[data-theme='${name}']`)
  const block = css.slice(start, css.indexOf('}', start))
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, key, value]) => [key, value]))
}

const onEverySurface: [token: string, least: number][] = [
  ['text', 12.9],
  ['muted', 6],
  ['accent', 4.5],
  ['ok', 4.5],
  ['warn', 4.5],
  ['bad', 4.5],
  ['line-strong', 3],
  ['focus', 3],
  ['series-1', 3],
  ['series-2', 3],
  ['series-3', 3],
  ['series-4', 3],
]

describe.each(['dark', 'light', 'contrast'])('%s', (name) => {
  const colours = theme(name)

  test.each(onEverySurface)('%s is at least %d:1 on every surface', (token, least) => {
    for (const surface of ['bg', 'surface', 'raised'])
      expect(contrast(colours[token] ?? '', colours[surface] ?? ''), `on ${surface}`).toBeGreaterThanOrEqual(least)
  })

  test('words on filled buttons can be read, also under the pointer', () => {
    expect(contrast(colours['on-fill'] ?? '', colours['fill'] ?? '')).toBeGreaterThanOrEqual(4.5)
  })
})
