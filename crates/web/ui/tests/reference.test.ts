// The page about the API: operations, fields, examples that the schemas allow, the search.

import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { type Api, byTag, curlOf, exampleOf, hasFields, matching, operationsOf, plain, resolved, rowsOf, type Schema, typeOf, variantsOf, wordOf } from '../src/pages/help/reference'

const api = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8')) as Api
const operations = operationsOf(api)
const schema = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

test('every request is there once, with a summary and an anchor of its own', () => {
  const n = Object.values(api.paths).reduce((sum, verbs) => sum + Object.keys(verbs).length, 0)
  expect(operations).toHaveLength(n)
  expect(new Set(operations.map(({ id }) => id)).size).toBe(n)
  for (const { summary, path, tag } of operations) expect([summary !== '', tag !== ''], path).toEqual([true, true])
  expect(byTag(operations).flatMap((group) => group.operations)).toEqual(operations)
  expect(new Set(byTag(operations).map(({ tag }) => tag)).size).toBe(byTag(operations).length)
})

test('every word of a search has to be there', () => {
  const found = matching(operations, 'POST flow-runs answer')
  expect(found.map(({ path }) => path)).toEqual(['/api/flow-runs/{id}/answer'])
  expect(matching(operations, '')).toHaveLength(operations.length)
  expect(matching(operations, 'zyxw')).toEqual([])
})

/** Whether a value is one that a schema allows, as far as examples go. */
function allows(one: Schema, value: unknown): boolean {
  const whole = resolved(api, one)
  if (whole.oneOf) return whole.oneOf.some((other) => allows(other, value))
  if (whole.allOf) return whole.allOf.every((other) => allows(other, value))
  if (whole.enum) return whole.enum.includes(value)
  const types = [whole.type ?? []].flat()
  if (types.length === 0 && !whole.properties) return true
  if (value === null) return types.includes('null')
  if (Array.isArray(value)) return types.includes('array') && value.every((item) => allows(whole.items ?? {}, item))
  if (typeof value === 'object') return (whole.required ?? []).every((name) => name in value) && Object.entries(value).every(([name, it]) => allows(whole.properties?.[name] ?? {}, it))
  return typeof value === 'number' ? types.includes('number') || types.includes('integer') : types.includes(typeof value)
}

test.each(operations.filter(({ body }) => body?.type === 'application/json').map((one) => [`${one.method} ${one.path}`, one] as const))('%s has an example that its schema allows', (_, { body }) => {
  expect(allows(body!.schema, exampleOf(api, body!.schema)), JSON.stringify(exampleOf(api, body!.schema))).toBe(true)
})

describe('schemas', () => {
  test('fields have types and words, and what they hold in turn', () => {
    const rows = rowsOf(api, schema('NewGeneration'))
    expect(rows.find(({ name }) => name === 'recipe')).toMatchObject({ isRequired: true, type: 'Recipe', inner: schema('Recipe') })
    expect(rows.find(({ name }) => name === 'name')).toMatchObject({ isRequired: false, type: 'string | null', inner: undefined })
    expect(rows.find(({ name }) => name === 'inputs')?.type).toBe('array of SoundPlace')
    for (const { text } of rows) expect(text).not.toMatch(/\[`|`\]|\n/)
  })

  test('alternatives are told by their word', () => {
    const variants = variantsOf(api, schema('FlowSay'))
    expect(variants.map((one) => wordOf(api, one))).toEqual(['say: "choose"', 'say: "retry"', 'say: "skip"'])
    expect(variantsOf(api, schema('FlowAnswer'))).toHaveLength(3)
    expect(hasFields(api, schema('FlowWork'))).toBe(true)
    expect(hasFields(api, schema('Id'))).toBe(false)
    expect(typeOf(api, schema('Id'))).toBe('string (Id)')
  })

  test('links of comments are plain words', () => {
    expect(plain('How far; see [`crate::Variation`] and\n [`seed_of`].')).toBe('How far; see Variation and seed_of.')
  })
})

test('an example can be pasted into a terminal', () => {
  const run = operations.find(({ method, path }) => method === 'POST' && path === '/api/flow-runs/{id}/answer')!
  const line = curlOf(api, run, 'http://127.0.0.1:7901')
  expect(line).toMatch(/^curl -X POST -H 'content-type: application\/json' -d '\{/)
  expect(line).toMatch(/'http:\/\/127\.0\.0\.1:7901\/api\/flow-runs\/[^{}]+\/answer'$/)
  expect(line).toContain('"step": "text"')
  expect(curlOf(api, operations.find(({ id }) => id === 'get-flows')!, '')).toBe("curl '/api/flows'")
})
