// What is asked of the studio is of the project that the pages show.

import { readFileSync } from 'node:fs'

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { inProject } from '../src/lib/api/scope'

const openapi = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, { parameters?: { name: string }[] }>>
}
/** Lists that are the same in every project, and a run that lies where the one lies that it continues. */
const WHOLE = ['GET /api/jobs', 'GET /api/presets', 'POST /api/runs/{id}/continue']

test('every request that the studio can scope is scoped, but for the lists that are whole', () => {
  const all = Object.entries(openapi.paths).flatMap(([path, verbs]) => Object.entries(verbs).map(([verb, { parameters = [] }]) => ({ path, method: verb.toUpperCase(), parameters })))
  const scopable = all.filter(({ parameters }) => parameters.some(({ name }) => name === 'project')).map(({ method, path }) => `${method} ${path}`)
  const scoped = all.filter(({ method, path }) => inProject(method, path, 'drums') !== path).map(({ method, path }) => `${method} ${path}`)
  expect(scopable.length).toBeGreaterThan(10)
  expect(scoped.sort()).toEqual(scopable.filter((one) => !WHOLE.includes(one)).sort())
})

test.each([
  ['GET', '/api/runs', 'drums', '/api/runs?project=drums'],
  ['get', '/api/runs', 'drums', '/api/runs?project=drums'],
  ['GET', '/api/runs?x=1', 'a & b', '/api/runs?x=1&project=a%20%26%20b'],
  ['GET', '/api/runs', '', '/api/runs'],
  ['GET', '/api/runs/check', 'drums', '/api/runs/check'],
  ['POST', '/api/runs/check', 'drums', '/api/runs/check?project=drums'],
  ['DELETE', '/api/datasets', 'drums', '/api/datasets'],
  ['GET', '/api/jobs', 'drums', '/api/jobs'],
  ['POST', '/api/projects/import', 'drums', '/api/projects/import'],
])('%s %s in «%s» asks for %s', (method, address, project, asked) => {
  expect(inProject(method, address, project)).toBe(asked)
})

beforeEach(() => {
  const Whole = Request
  vi.stubGlobal('Request', class extends Whole {
    constructor(address: string, init: RequestInit) {
      super(new URL(address, 'http://here'), init)
    }
  })
})
afterEach(() => void vi.unstubAllGlobals())

test('verbs need not know of it, and what they send stays whole', async () => {
  const asked: Request[] = []
  vi.stubGlobal('fetch', (request: Request) => {
    asked.push(request)
    return Promise.resolve(Response.json([]))
  })
  const { createDataset, datasets, jobs } = await import('../src/lib/api')
  const { prefs } = await import('../src/lib/prefs.svelte')
  prefs.project = 'drums'
  await datasets()
  await createDataset({ source: { from: 'samples' } })
  await jobs()
  prefs.project = ''
  await datasets()
  expect(asked.map(({ url }) => url.replace('http://here', ''))).toEqual(['/api/datasets?project=drums', '/api/datasets?project=drums', '/api/jobs', '/api/datasets'])
  expect(await asked[1]?.json()).toEqual({ source: { from: 'samples' } })
})
