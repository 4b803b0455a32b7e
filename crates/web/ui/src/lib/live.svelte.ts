// The one live connection of the page: what changes in the studio arrives here within a moment.

import type { Live } from '$lib/api'

type Listener = (live: Live) => void
/** What we need of a WebSocket, so that a test can stand in for it. */
export interface Socket {
  readyState: number
  send(text: string): void
  close(): void
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: (() => void) | null
}

const OPEN = 1
const RETRY_MS_MIN = 250
const RETRY_MS_MAX = 5000

export class LiveConnection {
  /** Whether the studio can be heard; `lost` only after it was heard, or could not be, for a while. */
  state = $state<'connecting' | 'open' | 'lost'>('connecting')

  #listeners = new Set<Listener>()
  #reconnected = new Set<() => void>()
  /** How many places on the page watch each job. */
  #watched = new Map<string, number>()
  #connect: () => Socket
  #socket: Socket | undefined
  #retryMs = RETRY_MS_MIN
  #timer: ReturnType<typeof setTimeout> | undefined
  #hasBeenOpen = false
  #isSendDue = false

  constructor(connect: () => Socket) {
    this.#connect = connect
  }

  start(): void {
    clearTimeout(this.#timer)
    const socket = this.#connect()
    this.#socket = socket
    socket.onopen = () => this.#opened()
    socket.onmessage = (event) => this.#received(String(event.data))
    socket.onclose = () => this.#closed()
  }

  stop(): void {
    clearTimeout(this.#timer)
    if (!this.#socket) return
    this.#socket.onclose = null
    this.#socket.close()
    this.#socket = undefined
  }

  /** Hears everything that arrives; gives back how to stop hearing. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Called after a gap in the connection, when anything may have been missed. */
  onReconnect(listener: () => void): () => void {
    this.#reconnected.add(listener)
    return () => this.#reconnected.delete(listener)
  }

  /** Asks for the frequent events (progress, metrics, system) of these jobs as well. */
  watch(ids: readonly string[]): () => void {
    for (const id of ids) this.#watched.set(id, (this.#watched.get(id) ?? 0) + 1)
    this.#sendWatchSoon()
    return () => {
      for (const id of ids) {
        const left = (this.#watched.get(id) ?? 1) - 1
        if (left > 0) this.#watched.set(id, left)
        else this.#watched.delete(id)
      }
      this.#sendWatchSoon()
    }
  }

  #opened(): void {
    this.state = 'open'
    this.#retryMs = RETRY_MS_MIN
    if (this.#watched.size > 0) this.#sendWatch()
    if (this.#hasBeenOpen) for (const listener of [...this.#reconnected]) listener()
    this.#hasBeenOpen = true
  }

  #received(text: string): void {
    const live = JSON.parse(text) as Live
    for (const listener of [...this.#listeners]) listener(live)
  }

  #closed(): void {
    this.#socket = undefined
    // A blink of the connection is not worth a banner: only a failed second attempt is.
    if (this.state !== 'open') this.state = 'lost'
    else this.state = 'connecting'
    this.#timer = setTimeout(() => this.start(), this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX)
  }

  /** Several parts of a page change what they watch at once; one message is enough. */
  #sendWatchSoon(): void {
    if (this.#isSendDue) return
    this.#isSendDue = true
    queueMicrotask(() => {
      this.#isSendDue = false
      this.#sendWatch()
    })
  }

  #sendWatch(): void {
    if (this.#socket?.readyState !== OPEN) return
    this.#socket.send(JSON.stringify({ watch: [...this.#watched.keys()].sort() }))
  }
}

function connectToStudio(): Socket {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return new WebSocket(`${scheme}://${location.host}/api/live`) as unknown as Socket
}

/** The page's connection. */
export const live = new LiveConnection(connectToStudio)
