// The page's only live connection: changes in the studio arrive here within a moment.

import type { Live } from '$lib/api'

type Listener = (live: Live) => void
/** The part of a WebSocket that we use, so that a test can replace it. */
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
  /** The connection's state; `lost` only once an attempt to connect has failed. */
  state = $state<'connecting' | 'open' | 'lost'>('connecting')

  #listeners = new Set<Listener>()
  #reconnected = new Set<() => void>()
  /** How many components watch each job. */
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

  /** Subscribes to all messages; returns a function that unsubscribes. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Called after an interruption, during which messages may have been missed. */
  onReconnect(listener: () => void): () => void {
    this.#reconnected.add(listener)
    return () => this.#reconnected.delete(listener)
  }

  /** Subscribes to the frequent events (progress, metrics, system) of these jobs too. */
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
    // A brief interruption does not deserve a banner: only a failed attempt to reconnect does.
    if (this.state !== 'open') this.state = 'lost'
    else this.state = 'connecting'
    this.#timer = setTimeout(() => this.start(), this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX)
  }

  /** Several components change what they watch at once; one message is enough. */
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
