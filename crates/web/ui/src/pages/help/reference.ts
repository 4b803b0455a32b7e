// The studio's description of its API, as the page about it shows it: operations by subject, fields, examples.

/** A JSON schema, as far as the studio writes them. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  enum?: unknown[]
  oneOf?: Schema[]
  allOf?: Schema[]
  additionalProperties?: Schema | boolean
  example?: unknown
  format?: string
  minimum?: number
  maximum?: number
}
interface Content {
  content?: Record<string, { schema?: Schema }>
}
interface Described {
  tags?: string[]
  summary?: string
  description?: string
  parameters?: { name: string; in: string; description?: string; required?: boolean; schema?: Schema }[]
  requestBody?: Content
  responses?: Record<string, Content & { description?: string }>
}
export interface Api {
  paths: Record<string, Record<string, Described>>
  components?: { schemas?: Record<string, Schema> }
}

export interface Operation {
  /** Its anchor on the page. */
  id: string
  tag: string
  method: string
  path: string
  summary: string
  text: string
  parameters: { name: string; where: string; text: string; isRequired: boolean; schema: Schema }[]
  body: { type: string; schema: Schema } | undefined
  answer: { type: string; schema: Schema | undefined } | undefined
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete']
const JSON_TYPE = 'application/json'

/** A comment of the studio's source, without the marks of links. */
export const plain = (text: string | undefined): string => (text ?? '').replace(/\[`(?:crate::)?([^`]+)`\](?:\([^)]*\))?/g, '$1').replace(/`/g, '').replace(/\s*\n\s*/g, ' ').trim()

/** Everything that can be asked, in the order of its subjects. */
export function operationsOf(api: Api): Operation[] {
  const all = Object.entries(api.paths).flatMap(([path, verbs]) => METHODS.flatMap((method) => (verbs[method] ? [operationOf(path, method, verbs[method])] : [])))
  return all.sort((a, b) => (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0))
}

function operationOf(path: string, method: string, { tags, summary, description, parameters, requestBody, responses }: Described): Operation {
  const first = (content: Content | undefined) => Object.entries(content?.content ?? {})[0]
  const done = Object.entries(responses ?? {}).find(([status]) => status.startsWith('2'))?.[1]
  const [sent, got] = [first(requestBody), first(done)]
  return {
    id: `${method}${path.replace(/^\/api/, '').replace(/[^a-z0-9]+/gi, '-').replace(/-$/, '')}`,
    tag: tags?.[0] ?? '',
    method: method.toUpperCase(),
    path,
    summary: plain(summary),
    text: plain(description),
    parameters: (parameters ?? []).map((one) => ({ name: one.name, where: one.in, text: plain(one.description), isRequired: one.required ?? false, schema: one.schema ?? {} })),
    body: sent && { type: sent[0], schema: sent[1].schema ?? {} },
    answer: got && { type: got[0], schema: got[1].schema },
  }
}

/** Operations that have every word of a search in them. */
export function matching(operations: readonly Operation[], query: string): Operation[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return operations.filter(({ tag, method, path, summary, text }) => {
    const all = `${tag} ${method} ${path} ${summary} ${text}`.toLowerCase()
    return words.every((word) => all.includes(word))
  })
}

export function byTag(operations: readonly Operation[]): { tag: string; operations: Operation[] }[] {
  const groups = new Map<string, Operation[]>()
  for (const one of operations) groups.set(one.tag, [...(groups.get(one.tag) ?? []), one])
  return [...groups].map(([tag, its]) => ({ tag, operations: its }))
}

/** The name of what a schema refers to. */
export const refName = ({ $ref }: Schema): string | undefined => $ref?.split('/').at(-1)

/** A schema itself, where it only refers to one. */
export function resolved(api: Api, schema: Schema): Schema {
  const name = refName(schema)
  return name === undefined ? schema : (api.components?.schemas?.[name] ?? {})
}

/** What may be there besides nothing. */
function alternatives({ oneOf }: Schema): Schema[] {
  return (oneOf ?? []).filter(({ type }) => type !== 'null')
}

/** The type in words: `text`, `list of Sound`, `FlowPlan or nothing`. */
export function typeOf(api: Api, schema: Schema): string {
  const name = refName(schema)
  if (name !== undefined) return simpleName(api, name)
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ')
  if (schema.oneOf) {
    const isNullable = schema.oneOf.some(({ type }) => type === 'null')
    return [...alternatives(schema).map((one) => typeOf(api, one)), ...(isNullable ? ['null'] : [])].join(' | ')
  }
  if (schema.allOf) return schema.allOf.map((one) => typeOf(api, one)).join(' & ')
  const types = Array.isArray(schema.type) ? schema.type : schema.type === undefined ? ['any'] : [schema.type]
  return types.map((type) => (type === 'array' ? `array of ${schema.items ? typeOf(api, schema.items) : 'any'}` : type)).join(' | ')
}

/** A name that stands for a plain text or number says so. */
function simpleName(api: Api, name: string): string {
  const { type, properties, enum: words } = api.components?.schemas?.[name] ?? {}
  return typeof type === 'string' && !properties && !words && type !== 'object' && type !== 'array' ? `${type} (${name})` : name
}

export interface Row {
  name: string
  type: string
  text: string
  isRequired: boolean
  /** What it holds in turn, where that has fields. */
  inner: Schema | undefined
}

/** The fields of a schema. */
export function rowsOf(api: Api, schema: Schema): Row[] {
  const { properties = {}, required = [], allOf = [] } = resolved(api, schema)
  const own = Object.entries(properties).map(([name, one]) => ({ name, type: typeOf(api, one), text: plain(one.description ?? resolved(api, one).description), isRequired: required.includes(name), inner: innerOf(api, one) }))
  return [...allOf.flatMap((one) => rowsOf(api, one)), ...own]
}

/** The alternatives that a schema is one of, each with its fields. */
export const variantsOf = (api: Api, schema: Schema): Schema[] => {
  const whole = resolved(api, schema)
  return alternatives(whole).length > 0 ? alternatives(whole) : (whole.allOf ?? []).flatMap((one) => variantsOf(api, one))
}

/** What stands at the head of an alternative: the word that tells it from the others. */
export function wordOf(api: Api, schema: Schema): string {
  const tag = Object.entries(resolved(api, schema).properties ?? {}).find(([, one]) => one.enum?.length === 1)
  return tag ? `${tag[0]}: ${JSON.stringify(tag[1].enum?.[0])}` : typeOf(api, schema)
}

/** What has fields within a schema: what it refers to, what a list or a map holds. */
function innerOf(api: Api, schema: Schema): Schema | undefined {
  if (schema.items) return innerOf(api, schema.items)
  if (typeof schema.additionalProperties === 'object') return innerOf(api, schema.additionalProperties)
  const [one] = alternatives(schema)
  if (one && !schema.properties && alternatives(schema).length === 1) return innerOf(api, one)
  return hasFields(api, schema) ? schema : undefined
}

export function hasFields(api: Api, schema: Schema): boolean {
  const whole = resolved(api, schema)
  return Object.keys(whole.properties ?? {}).length > 0 || (whole.allOf?.length ?? 0) > 0 || alternatives(whole).some((one) => one.$ref !== undefined || one.properties !== undefined)
}

/** How deep examples go. */
const DEEP = 6
/** Fields of an example where none has to be there. */
const SHOWN = 2

/** An example of a schema: what has to be there, with values that it could have. */
export function exampleOf(api: Api, schema: Schema, depth = 0): unknown {
  if (schema.example !== undefined) return schema.example
  const whole = resolved(api, schema)
  if (whole.example !== undefined) return whole.example
  if (whole.enum) return whole.enum[0]
  const [first] = alternatives(whole)
  if (first) return mixed(api, whole, first, depth)
  if (whole.allOf) return Object.assign({}, ...whole.allOf.map((one) => asObject(exampleOf(api, one, depth))), asObject(fieldsExample(api, whole, depth))) as unknown
  const type = Array.isArray(whole.type) ? whole.type.find((one) => one !== 'null') : whole.type
  switch (type) {
    case 'string':
      return 'text'
    case 'integer':
      return Math.max(1, whole.minimum ?? 1)
    case 'number':
      return Math.max(1, whole.minimum ?? 1)
    case 'boolean':
      return true
    case 'array':
      return whole.items && depth < DEEP ? [exampleOf(api, whole.items, depth + 1)] : []
    case 'object':
      return fieldsExample(api, whole, depth) ?? {}
    default:
      return fieldsExample(api, whole, depth) ?? null
  }
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {})

function mixed(api: Api, whole: Schema, first: Schema, depth: number): unknown {
  const own = fieldsExample(api, whole, depth)
  const example = exampleOf(api, first, depth)
  return own ? { ...own, ...asObject(example) } : example
}

function fieldsExample(api: Api, { properties, required = [] }: Schema, depth: number): Record<string, unknown> | undefined {
  if (!properties) return undefined
  if (depth >= DEEP) return {}
  const names = Object.keys(properties)
  const wanted = required.length > 0 || depth > 0 ? names.filter((name) => required.includes(name)) : names.slice(0, SHOWN)
  return Object.fromEntries(wanted.map((name) => [name, exampleOf(api, properties[name] ?? {}, depth + 1)]))
}

/** A command line that asks for it. */
export function curlOf(api: Api, { method, path, parameters, body }: Operation, origin: string): string {
  const value = (schema: Schema) => encodeURIComponent(String(exampleOf(api, schema) ?? ''))
  const of = (name: string) => parameters.find((one) => one.name === name)?.schema ?? {}
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => value(of(name)) || name)
  const query = parameters.filter(({ where, isRequired }) => where === 'query' && isRequired).map(({ name, schema }) => `${name}=${value(schema)}`)
  const url = `${origin}${address}${query.length > 0 ? `?${query.join('&')}` : ''}`
  const sent =
    body === undefined
      ? []
      : body.type === JSON_TYPE
        ? ["-H 'content-type: application/json'", `-d '${JSON.stringify(exampleOf(api, body.schema), null, 2).replaceAll("'", "'\\''")}'`]
        : ['--data-binary @file']
  return ['curl', ...(method === 'GET' ? [] : [`-X ${method}`]), ...sent, `'${url}'`].join(' ')
}
