// The live connection: messages, what is watched, and coming back after a loss.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import type { Live } from '../src/lib/api'
import { LiveConnection, type Socket } from '../src/lib/live.svelte'

class FakeSocket implements Socket {
  readyState = 0
  sent: string[] = []
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: (() => void) | null = null
  send(text: string) {
    this.sent.push(text)
  }
  close() {
    this.onclose?.()
  }
  open() {
    this.readyState = 1
    this.onopen?.()
  }
  receive(live: Live) {
    this.onmessage?.({ data: JSON.stringify(live) })
  }
  lose() {
    this.readyState = 3
    this.onclose?.()
  }
}

let sockets: FakeSocket[] = []
function connect() {
  const socket = new FakeSocket()
  sockets.push(socket)
  return socket
}
const newest = () => sockets.at(-1) as FakeSocket
const changed: Live = { live: 'changed', list: 'runs', id: 'a' }

beforeEach(() => {
  sockets = []
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

test('listeners hear messages until they stop', () => {
  const live = new LiveConnection(connect)
  const heard: Live[] = []
  const stop = live.listen((message) => heard.push(message))
  live.start()
  newest().open()
  newest().receive(changed)
  stop()
  newest().receive(changed)
  expect(heard).toEqual([changed])
})

test('what several parts watch is sent once and let go when the last has gone', async () => {
  const live = new LiveConnection(connect)
  live.start()
  newest().open()
  const first = live.watch(['b', 'a'])
  const second = live.watch(['a'])
  await Promise.resolve()
  first()
  await Promise.resolve()
  second()
  await Promise.resolve()
  expect(newest().sent).toEqual(['{"watch":["a","b"]}', '{"watch":["a"]}', '{"watch":[]}'])
})

test('after a loss it comes back, asks for the same, and says that something may be missed', () => {
  const live = new LiveConnection(connect)
  let nReconnected = 0
  live.onReconnect(() => nReconnected++)
  live.watch(['a'])
  live.start()
  newest().open()
  expect(nReconnected).toBe(0)
  newest().lose()
  expect(live.state).toBe('connecting')
  vi.advanceTimersByTime(250)
  newest().open()
  expect(live.state).toBe('open')
  expect(newest().sent).toEqual(['{"watch":["a"]}'])
  expect(nReconnected).toBe(1)
})

test('it is lost when it cannot come back at once, and tries ever less often', () => {
  const live = new LiveConnection(connect)
  live.start()
  newest().open()
  const waits: number[] = []
  for (let i = 0; i < 8; i++) {
    const n = sockets.length
    newest().lose()
    let waited = 0
    while (sockets.length === n) {
      vi.advanceTimersByTime(50)
      waited += 50
    }
    waits.push(waited)
  }
  expect(live.state).toBe('lost')
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000])
})

test('stopped, it stays away', () => {
  const live = new LiveConnection(connect)
  live.start()
  newest().open()
  live.stop()
  vi.advanceTimersByTime(60_000)
  expect(sockets).toHaveLength(1)
})
