// A request to the studio: JSON in, JSON out, problems thrown.

import createClient from 'openapi-fetch'
import { untrack } from 'svelte'

import { prefs } from '$lib/prefs.svelte'

import { problemFrom, unreachable } from './problem'
import type { paths } from './schema'
import { inProject } from './scope'

/** Adds the current project. Read untracked, so no request repeats when it changes: the page is re-created then. */
const scoped = (method: string, address: string) => inProject(method, address, untrack(() => prefs.project))

class ScopedRequest extends Request {
  constructor(address: string, init: RequestInit) {
    super(scoped(init.method ?? 'GET', address), init)
  }
}

/** The JSON client; the schema lists its requests and answers. */
export const client = createClient<paths>({
  // The browser's own, looked up at each call, so that a test can replace it.
  fetch: (request) => globalThis.fetch(request),
  Request: ScopedRequest as typeof Request,
})

/** Aborts a request. */
export type Signal = AbortSignal | undefined

/** The options of a request about one item. */
export const at = (id: string) => ({ params: { path: { id } } })

/** The options of a request that can be aborted. */
export const until = (signal: Signal) => ({ signal: signal ?? null })

type Asked<T> = Promise<{ data?: T; error?: unknown; response: Response }>

/** The answer to a request of the client; throws the studio's problem if it failed. */
export async function answer<T>(asked: Asked<T>): Promise<T> {
  const { data, error, response } = await asked.catch((thrown: unknown) => {
    // An aborted request does not mean that the studio is unreachable.
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown
    throw unreachable()
  })
  if (!response.ok) throw problemFrom(error, response.status)
  return data as T
}

/** Sends a file's raw bytes; `onShare` receives the share sent, 0 to 1. */
export function sendFile<T>(
  method: string,
  path: string,
  file: Blob,
  onShare: (share: number) => void,
  signal?: AbortSignal,
): Promise<T> {
  // fetch() does not report upload progress.
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
