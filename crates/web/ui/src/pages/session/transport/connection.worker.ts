// Owns the connection to a session, away from the main thread: blocks pass between it and the audio thread, the rest
// between it and the page.

import { asked, ANSWER_HEAD, FROM_SESSION, statusOf, type Status, textOf } from '../protocol'
import type { SessionHello, SessionNotice } from '../words'
import { POOLED_HEAD } from './blocks'

/** What the page says: where to connect, the way to the audio thread, a message to send, or to end. */
export type ToConnection = { connect: string } | { player: MessagePort } | { send: ArrayBuffer } | { close: true }
/** What the page hears. */
export type FromConnection =
  | { hello: SessionHello }
  | { notice: SessionNotice }
  | { status: Status; roundTripMs: number }
  | { closed: true }

/** Buffers that are kept to answer with. */
const KEPT = 64
/** Blocks whose way there and back is timed. */
const TIMED = 256

let socket: WebSocket | undefined
let player: MessagePort | undefined
let free: ArrayBuffer[] = []
const lent: ArrayBuffer[] = []
const sentMs = new Float64Array(TIMED)
/** The longest way of a block there and back since the last status. */
let roundTripMs = 0
let isOpen = false

const say = (message: FromConnection) => self.postMessage(message)

self.onmessage = ({ data }: MessageEvent<ToConnection>) => {
  if ('connect' in data) connect(data.connect)
  else if ('player' in data) listen(data.player)
  else if ('send' in data) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(data.send)
  } else {
    end()
    self.close()
  }
}

function connect(address: string): void {
  end()
  const opened = new WebSocket(address)
  opened.binaryType = 'arraybuffer'
  opened.onmessage = ({ data }: MessageEvent<unknown>) => opened === socket && data instanceof ArrayBuffer && data.byteLength > 0 && hear(data)
  opened.onclose = () => {
    if (opened !== socket) return
    end()
    say({ closed: true })
  }
  socket = opened
}

function end(): void {
  const ended = socket
  socket = undefined
  ended?.close()
  setOpen(false)
}

function setOpen(now: boolean): void {
  isOpen = now
  player?.postMessage(now)
}

/** The audio thread of a new graph asks from now on. */
function listen(to: MessagePort): void {
  player?.close()
  player = to
  free = []
  player.postMessage(isOpen)
  player.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
    if (socket?.readyState === WebSocket.OPEN) {
      sentMs[new DataView(data).getUint32(1, true) % TIMED] = performance.now()
      socket.send(asked(data))
    }
    if (free.length < KEPT) free.push(data)
  }
}

function hear(message: ArrayBuffer): void {
  switch (new Uint8Array(message)[0]) {
    case FROM_SESSION.sound:
      passOn(message)
      break
    case FROM_SESSION.status: {
      const status = statusOf(message)
      if (status) say({ status, roundTripMs })
      roundTripMs = 0
      break
    }
    case FROM_SESSION.hello:
      say({ hello: textOf(message) as SessionHello })
      setOpen(true)
      break
    case FROM_SESSION.notice:
      say({ notice: textOf(message) as SessionNotice })
  }
}

function passOn(message: ArrayBuffer): void {
  if (message.byteLength < ANSWER_HEAD || !player) return
  const view = new DataView(message)
  const number = view.getUint32(1, true)
  const bytes = message.byteLength - ANSWER_HEAD
  let buffer = free.pop()
  if (!buffer || buffer.byteLength < POOLED_HEAD + bytes) buffer = new ArrayBuffer(POOLED_HEAD + bytes)
  new Uint32Array(buffer, 0, 4).set([number, view.getUint16(5, true), view.getUint8(7), view.getUint8(8)])
  new Uint8Array(buffer, POOLED_HEAD).set(new Uint8Array(message, ANSWER_HEAD))
  roundTripMs = Math.max(roundTripMs, performance.now() - sentMs[number % TIMED]!)
  lent[0] = buffer
  player.postMessage(buffer, lent)
}
