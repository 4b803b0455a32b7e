// The types of the studio's answers are those that it describes itself.

import { readFileSync } from 'node:fs'

import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript'
import { expect, test } from 'vitest'

test('schema.d.ts is what `npm run api` makes of openapi.json', async () => {
  const file = (path: string) => new URL(path, import.meta.url)
  const options = { rootTypes: true, rootTypesNoSchemaPrefix: true, rootTypesKeepCasing: true }
  const made = COMMENT_HEADER + astToString(await openapiTS(file('../openapi.json'), options))
  expect(readFileSync(file('../src/lib/api/schema.d.ts'), 'utf8')).toBe(made)
}, 20_000)
