// One request to the studio: JSON in, JSON out, problems thrown.

import createClient from 'openapi-fetch'
import { untrack } from 'svelte'

import { prefs } from '$lib/prefs.svelte'

import { problemFrom, unreachable } from './problem'
import type { paths } from './schema'
import { inProject } from './scope'

/** The address, of the project that the pages show. Who asks is not asked again when another is chosen: the page is drawn anew. */
const scoped = (method: string, address: string) => inProject(method, address, untrack(() => prefs.project))

class ScopedRequest extends Request {
  constructor(address: string, init: RequestInit) {
    super(scoped(init.method ?? 'GET', address), init)
  }
}

/** Asks for JSON; which questions there are and what they answer is in the schema. */
export const client = createClient<paths>({
  // The browser's own, asked for at each call, so that a test can stand in for it.
  fetch: (request) => globalThis.fetch(request),
  Request: ScopedRequest as typeof Request,
})

/** Ends a question early. */
export type Signal = AbortSignal | undefined

/** The options of a question about one thing. */
export const at = (id: string) => ({ params: { path: { id } } })

/** The options of a question that may end early. */
export const until = (signal: Signal) => ({ signal: signal ?? null })

type Asked<T> = Promise<{ data?: T; error?: unknown; response: Response }>

/** The answer of a question to the client; throws the studio's problem where there is none. */
export async function answer<T>(asked: Asked<T>): Promise<T> {
  const { data, error, response } = await asked.catch((thrown: unknown) => {
    // An aborted question is not a studio that does not answer.
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown
    throw unreachable()
  })
  if (!response.ok) throw problemFrom(error, response.status)
  return data as T
}

/** Sends a file's bytes as they are; `onShare` hears how much of it is sent, 0 to 1. */
export function sendFile<T>(
  method: string,
  path: string,
  file: Blob,
  onShare: (share: number) => void,
  signal?: AbortSignal,
): Promise<T> {
  // fetch() cannot tell how much of a body has been sent.
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    xhr.open(method, scoped(method, path))
    xhr.upload.onprogress = (event) => event.lengthComputable && onShare(event.loaded / event.total)
    xhr.onload = () => {
      const parsed = parse(xhr.responseText)
      if (xhr.status >= 200 && xhr.status < 300) resolve(parsed as T)
      else reject(problemFrom(parsed, xhr.status))
    }
    xhr.onerror = () => reject(unreachable())
    xhr.onabort = () => reject(signal?.reason ?? new DOMException('aborted', 'AbortError'))
    signal?.addEventListener('abort', () => xhr.abort())
    xhr.send(file)
  })
}

/** `/api/datasets/x/files/3/audio` from `path('datasets', id, 'files', 3, 'audio')`. */
export function path(...segments: (string | number)[]): string {
  return `/api/${segments.map((segment) => encodeURIComponent(String(segment))).join('/')}`
}

/** The path of a file below a job's folder; its slashes stay slashes. */
export function filePath(list: string, id: string, file: string): string {
  return `${path(list, id, 'files')}/${file.split('/').map(encodeURIComponent).join('/')}`
}

function parse(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
