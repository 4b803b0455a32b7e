// One request to the studio: JSON in, JSON out, problems thrown.

import { problemFrom, unreachable } from './problem'

/** Sends `body` as JSON and gives the answer's JSON. */
export async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, signal: signal ?? null }
  if (body !== undefined) {
    init.headers = { 'content-type': 'application/json' }
    init.body = JSON.stringify(body)
  }
  const answer = await fetch(path, init).catch((thrown: unknown) => {
    if (signal?.aborted) throw thrown
    throw unreachable()
  })
  const text = await answer.text()
  const parsed = parse(text)
  if (!answer.ok) throw problemFrom(parsed, answer.status)
  return parsed as T
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
    xhr.open(method, path)
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
