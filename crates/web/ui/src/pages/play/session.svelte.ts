// A game in play: frames come from a job through a WebSocket, keys go back.

import { type Game, type NewPlay } from '$lib/api'

import { createPlay } from '$lib/api/plays'

/** Who plays: the agent, the person, the person while a key is held, or both against each other. */
export type PlayMode = 'watch' | 'play' | 'take_over' | 'against'

const HELLO = 1
const FRAME = 2
const HEAD_BYTES = 8
const KEYS = 1
const ANEW = 2
const NO_ACTION = 255
const MODES: PlayMode[] = ['watch', 'play', 'take_over', 'against']

export interface Hello {
  game: Game
  width: number
  height: number
  palette: [number, number, number][]
  agent?: string | null
}

/** The colours of a screen as canvas pixels, little-endian. */
export const colours = (palette: Hello['palette']): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, i) => {
    const [r, g, b] = palette[i] ?? [0, 0, 0]
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0
  })

/** The action of the keys that are held; the first entry whose keys all are counts. */
export function actionOf(keys: Game['keys'], held: ReadonlySet<string>): number | undefined {
  return keys.find(({ key }) => key.split('+').every((code) => held.has(code)))?.action
}

/** Whether a key plays in this game. */
export const isPlayed = (keys: Game['keys'], code: string): boolean => keys.some(({ key }) => key.split('+').includes(code))

export class Session {
  state = $state<'starting' | 'open' | 'lost'>('starting')
  hello = $state.raw<Hello>()
  score = $state(0)
  lives = $state(0)
  action = $state(0)
  isOver = $state(false)
  /** Whether the last action was the person's. */
  isMine = $state(false)
  /** The probability of each action, 0 to 1; empty without an agent. */
  policy = $state.raw<number[]>([])
  /** Called with each screen: indices of colours. */
  onscreen: ((screen: Uint8Array) => void) | undefined

  #socket: WebSocket | undefined
  #isClosed = false
  #mode: PlayMode = 'watch'
  #action = NO_ACTION

  /** Starts a job and connects to it. */
  async start(what: NewPlay): Promise<void> {
    this.close()
    this.#isClosed = false
    this.state = 'starting'
    const { id } = await createPlay(what)
    if (this.#isClosed) return
    const { protocol, host } = location
    const socket = new WebSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}/api/plays/${id}/session`)
    socket.binaryType = 'arraybuffer'
    socket.onmessage = ({ data }) => data instanceof ArrayBuffer && this.#hear(new Uint8Array(data))
    socket.onclose = () => {
      if (socket === this.#socket) this.state = 'lost'
    }
    this.#socket = socket
  }

  close(): void {
    this.#isClosed = true
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }

  setMode(mode: PlayMode): void {
    this.#mode = mode
    this.#tell()
  }

  /** The action of the keys that are held, if any. */
  setAction(action: number | undefined): void {
    const wanted = action ?? NO_ACTION
    if (wanted === this.#action) return
    this.#action = wanted
    this.#tell()
  }

  again(): void {
    this.#send(Uint8Array.of(ANEW))
  }

  #tell(): void {
    this.#send(Uint8Array.of(KEYS, MODES.indexOf(this.#mode), this.#action))
  }

  #send(message: Uint8Array<ArrayBuffer>): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(message)
  }

  #hear(message: Uint8Array): void {
    if (message[0] === HELLO) {
      this.hello = JSON.parse(new TextDecoder().decode(message.subarray(1))) as Hello
      this.state = 'open'
      this.#tell()
      return
    }
    const hello = this.hello
    if (message[0] !== FRAME || !hello) return
    const [, flags = 0, lives = 0, action = 0] = message
    this.score = new DataView(message.buffer, message.byteOffset).getFloat32(4, true)
    this.lives = lives
    this.action = action
    this.isOver = (flags & 1) !== 0
    this.isMine = (flags & 2) !== 0
    const end = HEAD_BYTES + hello.width * hello.height
    const policy = message.subarray(end)
    this.policy = Array.from(policy, (share) => share / 255)
    this.onscreen?.(message.subarray(HEAD_BYTES, end))
  }
}
