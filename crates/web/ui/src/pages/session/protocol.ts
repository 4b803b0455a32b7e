// The messages between a page and a session: binary, little-endian, the first byte says what each is.

import type { SessionHello, SessionNotice } from './words'

/** The kinds of message that a page sends. */
export const TO_SESSION = { sound: 1, controls: 2, point: 3, command: 4 } as const
/** The kinds of message that a session sends. */
export const FROM_SESSION = { sound: 1, status: 2, hello: 3, notice: 4 } as const

/** Bytes before the samples of a block that a page sends. */
export const ASKED_HEAD = 8
/** Bytes before the samples of a block that a session sends. */
export const ANSWER_HEAD = 9

/** Flags of a block that a session sends. */
export const FLAGS = { slow: 1, limited: 2 } as const

/** Writes the head of a block to send; its samples follow as `f32`, channel after channel. */
export function writeHead(message: ArrayBuffer, number: number, samples: number, channels: number): void {
  const view = new DataView(message)
  view.setUint8(0, TO_SESSION.sound)
  view.setUint32(1, number, true)
  view.setUint16(5, samples, true)
  view.setUint8(7, channels)
}

/** The bytes of a block to send, which may be shorter than the buffer that it is in. */
export function asked(message: ArrayBuffer): Uint8Array<ArrayBuffer> {
  const view = new DataView(message)
  return new Uint8Array(message, 0, ASKED_HEAD + 4 * view.getUint16(5, true) * view.getUint8(7))
}

/** A message that moves controls: pairs of number and value. */
export function controlsMessage(moves: Iterable<readonly [number, number]>): ArrayBuffer {
  const pairs = [...moves]
  const view = new DataView(new ArrayBuffer(1 + 6 * pairs.length))
  view.setUint8(0, TO_SESSION.controls)
  pairs.forEach(([number, value], i) => {
    view.setUint16(1 + 6 * i, number, true)
    view.setFloat32(3 + 6 * i, value, true)
  })
  return view.buffer
}

/** A message that says where pad and sliders stand. */
export function pointMessage(point: ArrayLike<number>): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(1 + 4 * point.length))
  view.setUint8(0, TO_SESSION.point)
  for (let i = 0; i < point.length; i++) view.setFloat32(1 + 4 * i, point[i]!, true)
  return view.buffer
}

/** A message that asks for something. */
export function commandMessage(command: object): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(command))
  const bytes = new Uint8Array(1 + text.length)
  bytes[0] = TO_SESSION.command
  bytes.set(text, 1)
  return bytes.buffer
}

/** How a session goes, about 20 times a second. */
export interface Status {
  /** The input's largest sample since the last status. */
  inputPeak: number
  outputPeak: number
  /** The gain of the limiter: 1 for none. */
  limiter: number
  /** The share of the time that computing takes. */
  load: number
  loadMost: number
  /** The place in the loaded sound, in seconds. */
  soundSecs: number
  /** The place in the path, in seconds. */
  pathSecs: number
  /** The length of the recording under way; below 0 for none. */
  recordedSecs: number
  /** The pitch of the input; 0 for none. */
  pitchHz: number
  slowBlocks: number
  /** Where the latents are along the first directions, in standard deviations. */
  latents: Float32Array
}

const STATUS_HEAD = 1 + 9 * 4 + 4

/** The status in a message; undefined if it is too short to be one. */
export function statusOf(message: ArrayBuffer): Status | undefined {
  if (message.byteLength < STATUS_HEAD) return undefined
  const view = new DataView(message)
  const float = (i: number) => view.getFloat32(1 + 4 * i, true)
  const n = Math.floor((message.byteLength - STATUS_HEAD) / 4)
  return {
    inputPeak: float(0),
    outputPeak: float(1),
    limiter: float(2),
    load: float(3),
    loadMost: float(4),
    soundSecs: float(5),
    pathSecs: float(6),
    recordedSecs: float(7),
    pitchHz: float(8),
    slowBlocks: view.getUint32(1 + 9 * 4, true),
    latents: Float32Array.from({ length: n }, (_, i) => view.getFloat32(STATUS_HEAD + 4 * i, true)),
  }
}

/** The hello or notice in a message. */
export function textOf(message: ArrayBuffer): SessionHello | SessionNotice {
  return JSON.parse(new TextDecoder().decode(new Uint8Array(message, 1))) as SessionHello | SessionNotice
}
