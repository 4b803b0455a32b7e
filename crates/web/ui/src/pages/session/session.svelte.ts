// A live session as its page sees it: the state, the controls, what is loaded, and the sound.

import { SvelteMap } from 'svelte/reactivity'

import { cancelJob, job as askForJob, type Problem, problemOf, ProblemError } from '$lib/api'
import { createSession, sessionAddress } from '$lib/api/sessions'

import { History } from './history'
import { commandMessage, controlsMessage, pointMessage, type Status } from './protocol'
import type { FromConnection } from './transport/connection.worker'
import { blockOf } from './transport/blocks'
import { closeGraph, deviceSecs, type Graph, join, openGraph } from './transport/graph'
import { Microphone } from './transport/microphone.svelte'
import type { NewSession, SessionCommand, SessionControl, SessionHello, SessionLoaded, SessionNotice, SoundPlace } from './words'

/** The number of the first control of the first direction, and how many each direction has. */
const FIRST_DIRECTION = 64
const STRIDE = 8
/** What a person can choose as the whole buffer, in samples. */
export const BUFFERS = [512, 1024, 2048, 4096, 8192] as const

/** `starting`: the job loads its models; `lost`: the connection broke, and is tried again. */
export type State = 'closed' | 'starting' | 'open' | 'lost' | 'ended' | 'taken'
export interface Path {
  command: Extract<SessionCommand, { do: 'path' | 'trajectory' }>
  secs: number
}
/** What was asked for besides controls, to ask for it again in the next session. */
export interface Asked {
  sound?: { place: SoundPlace; name: string } | undefined
  loop?: { from: number; to: number } | undefined
  path?: Path | undefined
  prior?: string | undefined
}
export interface Recorded {
  path: string
  name: string
  secs: number
}

/** The share of the time from which computing is too much, and for how many statuses. */
const HEAVY = 0.9
const N_HEAVY = 40
const RETRY_MS_MIN = 250
const RETRY_MS_MAX = 4000

export class LiveSession {
  state = $state<State>('closed')
  /** Why it ended. */
  problem = $state.raw<Problem>()
  id = $state<string>()
  hello = $state.raw<SessionHello>()
  loaded = $state.raw<SessionLoaded>({})
  status = $state.raw<Status>()
  asked = $state.raw<Asked>({})
  /** Blocks that came too late to be played. */
  underruns = $state(0)
  /** The largest sample of the microphone, just now. */
  microphonePeak = $state(0)
  roundTripMs = $state(0)
  buffer = $state<number>(2048)
  /** Whether the browser waits for a click before it plays. */
  isSuspended = $state(false)
  device = $state.raw({ input: 0, output: 0 })
  /** The rate of the graph, where it is not the model's. */
  deviceHz = $state<number>()
  values = new SvelteMap<number, number>()
  canUndo = $state(false)
  canRedo = $state(false)
  /** Whether the model has computed nearly all the time for a while. */
  isOverloaded = $state(false)

  /** Called with what the session could not do, and with recordings. */
  onnotice: ((notice: SessionNotice) => void) | undefined
  /** Called when a control was moved, by its key: for what records movements. */
  onmove: (() => void) | undefined
  microphone = new Microphone((stream) => void this.#listen(stream))

  #nHeavy = 0
  #history = new History()
  #numbers = new Map<string, number>()
  #what: NewSession | undefined
  #worker: Worker | undefined
  #graph: Graph | undefined
  #source: MediaStreamAudioSourceNode | undefined
  #moved = new Map<number, number>()
  #isFlushDue = false
  /** Whether what stands in the page is to be restored when a session says hello. */
  #restores = false
  #retryMs = RETRY_MS_MIN
  #retry: ReturnType<typeof setTimeout> | undefined

  get isOpen(): boolean {
    return this.state === 'open'
  }
  get what(): NewSession | undefined {
    return this.#what
  }
  get block(): number {
    return blockOf(this.buffer)
  }

  /** Begins a new session; what stands in the page is asked of it. */
  async start(what: NewSession): Promise<void> {
    this.#drop()
    this.#what = what
    this.#restores = this.hello !== undefined || this.values.size > 0
    this.state = 'starting'
    this.problem = undefined
    try {
      const { id } = await createSession(what)
      if (this.state !== 'starting') return
      this.id = id
      this.#remember()
      this.#connect()
    } catch (thrown) {
      this.#end(problemOf(thrown))
    }
  }

  /** Goes on with a session that runs already; `what` begins the next one, if the page does not know what began it. */
  join(id: string, what: NewSession): void {
    this.#drop()
    const kept = recalled(id)
    this.#what = kept?.what ?? what
    this.asked = kept?.asked ?? {}
    this.id = id
    this.state = 'starting'
    this.#connect()
  }

  /** Takes a session back from another page. */
  takeBack(): void {
    if (!this.id) return
    this.#restores = false
    this.state = 'starting'
    this.#connect()
  }

  /** Ends the session for good; what stands in the page is kept for the next. */
  async stop(): Promise<void> {
    const id = this.id
    this.close()
    this.hello = undefined
    this.id = undefined
    if (id) await cancelJob(id).catch(() => undefined)
  }

  close(): void {
    this.#drop()
    this.microphone.close()
    if (this.#graph) void closeGraph(this.#graph)
    this.#graph = undefined
    this.state = 'closed'
  }

  /** The number of a control by its key: `wet`, or `z3.bias` for the third direction. */
  number(key: string): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    throw new Error(`no control is called ${key}`)
  }
  has(key: string): boolean {
    return this.#numbers.has(key)
  }
  control(key: string): SessionControl {
    const [, direction, part] = /^z(\d+)\.(\w+)$/.exec(key) ?? []
    const list = direction ? this.hello?.direction_controls : this.hello?.controls
    const found = list?.find((one) => one.key === (part ?? key))
    if (!found) throw new Error(`no control is called ${key}`)
    return found
  }
  value(key: string): number {
    return this.values.get(this.number(key)) ?? this.control(key).default
  }

  /** Moves controls; what a person moves can be undone. */
  set(moves: Record<string, number>, isUndoable = true): void {
    const numbered = Object.entries(moves).map(([key, value]) => {
      const { least, most } = this.control(key)
      return [this.number(key), Math.min(most, Math.max(least, value)), this.value(key)] as const
    })
    if (isUndoable) this.#note(numbered.map(([number, now, before]) => [number, before, now]))
    for (const [number, value] of numbered) this.#move(number, value)
    this.onmove?.()
  }
  /** Puts a control back to where it began. */
  reset(...keys: string[]): void {
    this.set(Object.fromEntries(keys.map((key) => [key, this.control(key).default])))
  }

  /** Where pad and sliders stand: one value for each direction. */
  get point(): number[] {
    return Array.from({ length: this.hello?.n_directions ?? 0 }, (_, i) => this.values.get(FIRST_DIRECTION + STRIDE * i) ?? 0)
  }
  /** Moves pad and sliders to a point; directions that it does not name stay. */
  moveTo(point: ArrayLike<number>, isUndoable = true): void {
    const before = this.point
    const now = before.map((value, i) => Math.min(4, Math.max(-4, point[i] ?? value)))
    const moves = now.map((value, i) => [FIRST_DIRECTION + STRIDE * i, before[i]!, value] as const).filter(([, from, to]) => from !== to)
    if (moves.length === 0) return
    if (isUndoable) this.#note(moves)
    for (const [number, , value] of moves) this.values.set(number, value)
    this.#post(pointMessage(now))
    this.onmove?.()
  }

  undo(): boolean {
    return this.#goTo(this.#history.undo())
  }
  redo(): boolean {
    return this.#goTo(this.#history.redo())
  }

  /** Asks for something besides controls. */
  ask(command: SessionCommand): void {
    this.#post(commandMessage(command))
  }
  load(place: SoundPlace, name: string): void {
    this.#asks({ sound: { place, name }, loop: undefined })
    this.ask({ do: 'load', sound: place })
  }
  loop(from: number, to: number): void {
    this.#asks({ loop: { from, to } })
    this.ask({ do: 'loop', from, to })
  }
  follow(path: Path): void {
    this.#asks({ path })
    this.ask(path.command)
  }
  loadPrior(model: string): void {
    this.#asks({ prior: model })
    this.ask({ do: 'prior', model })
  }

  /** Lets everything stand as a patch says. */
  restore(values: Record<string, number>, asked: Asked): void {
    const hello = this.hello
    if (!hello) return
    const keys = [...this.#numbers.keys()]
    // What changes nothing is not a move; microphones are not opened by a patch.
    this.set(Object.fromEntries(keys.filter((key) => key !== 'mic').map((key) => [key, values[key] ?? this.control(key).default])))
    this.#askAgain(asked, {})
  }
  /** Every control that is not at its default, by key. */
  moved(): Record<string, number> {
    return Object.fromEntries([...this.#numbers.keys()].filter((key) => this.value(key) !== this.control(key).default).map((key) => [key, this.value(key)]))
  }

  /** Another buffer: the graph is opened again, and the microphone joined to it. */
  async setBuffer(buffer: number): Promise<void> {
    this.buffer = buffer
    if (this.#graph) await this.#openGraph()
  }
  /** Lets the browser play, after a click. */
  async resume(): Promise<void> {
    await this.#graph?.context.resume()
  }

  /** From the microphone to the ear, in seconds. */
  get latency(): { model: number; buffer: number; input: number; output: number; total: number } {
    const rate = this.hello?.rate_hz ?? 44_100
    const model = (this.hello?.latency_samples ?? 0) / rate
    const buffer = this.buffer / rate
    const { input, output } = this.device
    return { model, buffer, input, output, total: model + buffer + input + output }
  }

  #asks(more: Asked): void {
    this.asked = { ...this.asked, ...more }
    this.#remember()
  }
  /** Keeps what a page that is loaded again cannot ask the session. */
  #remember(): void {
    if (!this.id) return
    try {
      sessionStorage.setItem(KEY + this.id, JSON.stringify({ what: this.#what, asked: this.asked }))
    } catch {
      // A long movement may be too large; the session itself still has it.
    }
  }

  #note(moves: readonly (readonly [number, number, number])[]): void {
    const real = moves.filter(([, before, now]) => before !== now)
    if (real.length > 0) this.#history.note(real, performance.now())
    this.#tellHistory()
  }
  #tellHistory(): void {
    this.canUndo = this.#history.canUndo
    this.canRedo = this.#history.canRedo
  }
  #goTo(values: ReadonlyMap<number, number> | undefined): boolean {
    this.#tellHistory()
    for (const [number, value] of values ?? []) this.#move(number, value)
    return values !== undefined
  }

  #move(number: number, value: number): void {
    this.values.set(number, value)
    this.#moved.set(number, value)
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    queueMicrotask(() => {
      this.#isFlushDue = false
      if (this.#moved.size > 0) this.#post(controlsMessage(this.#moved))
      this.#moved.clear()
    })
  }
  #post(send: ArrayBuffer): void {
    if (this.state === 'open') this.#worker?.postMessage({ send }, [send])
  }

  #connect(): void {
    clearTimeout(this.#retry)
    if (!this.#worker) {
      this.#worker = new Worker(new URL('./transport/connection.worker.ts', import.meta.url), { type: 'module' })
      this.#worker.onmessage = ({ data }: MessageEvent<FromConnection>) => this.#hear(data)
      if (this.#graph) join(this.#graph, this.#worker)
    }
    if (this.id) this.#worker.postMessage({ connect: sessionAddress(this.id) })
  }
  /** Lets go of the connection. */
  #drop(): void {
    clearTimeout(this.#retry)
    this.#worker?.postMessage({ close: true })
    this.#worker = undefined
    this.status = undefined
  }

  #hear(said: FromConnection): void {
    if ('status' in said) {
      if (!document.hidden) {
        this.status = said.status
        this.#nHeavy = said.status.load > HEAVY ? this.#nHeavy + 1 : 0
        this.isOverloaded = this.#nHeavy >= N_HEAVY
        this.roundTripMs = said.roundTripMs
      }
    } else if ('hello' in said) void this.#welcome(said.hello)
    else if ('notice' in said) this.#noticed(said.notice)
    else if (this.state !== 'taken') void this.#closed()
  }

  async #welcome(hello: SessionHello): Promise<void> {
    this.hello = hello
    this.loaded = hello.loaded
    this.#retryMs = RETRY_MS_MIN
    this.#numbers = numbersOf(hello)
    try {
      await this.#openGraph()
    } catch (thrown) {
      this.#end(problemOf(thrown))
      return
    }
    this.state = 'open'
    if (this.#restores) {
      const there = new Map(hello.values)
      const wanted = [...this.values].filter(([number, value]) => there.get(number) !== value)
      if (wanted.length > 0) this.#post(controlsMessage(wanted))
      this.#askAgain(this.asked, hello.loaded)
    } else {
      this.values.clear()
      for (const [number, value] of hello.values) this.values.set(number, value)
    }
    // From now on the page knows best.
    this.#restores = true
  }

  #askAgain(asked: Asked, loaded: SessionLoaded): void {
    if (asked.sound && !loaded.sound) {
      this.load(asked.sound.place, asked.sound.name)
      if (asked.loop) this.loop(asked.loop.from, asked.loop.to)
    }
    if (asked.path && !loaded.path_secs) this.follow(asked.path)
    if (asked.prior && !loaded.prior) this.loadPrior(asked.prior)
  }

  #noticed(notice: SessionNotice): void {
    if (notice.is === 'loaded') this.loaded = notice.loaded
    if (notice.is === 'taken_over') this.state = 'taken'
    this.onnotice?.(notice)
  }

  async #closed(): Promise<void> {
    this.state = 'lost'
    const id = this.id
    if (!id) return
    const again = () => {
      this.#retry = setTimeout(() => this.#connect(), this.#retryMs)
      this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS_MAX)
    }
    try {
      const { state } = await askForJob(id)
      if (this.state !== 'lost' || this.id !== id) return
      if (state.state === 'running' || state.state === 'queued') again()
      else this.#end(state.state === 'failed' ? state.problem : undefined)
    } catch (thrown) {
      if (this.state !== 'lost' || this.id !== id) return
      // A studio that does not answer may come back; a job that is gone does not.
      if (thrown instanceof ProblemError && thrown.status === 404) this.#end(undefined)
      else again()
    }
  }
  #end(problem: Problem | undefined): void {
    this.#drop()
    this.problem = problem
    this.state = 'ended'
  }

  async #openGraph(deviceHz?: number): Promise<void> {
    const hello = this.hello
    if (!hello || !this.#worker) return
    const options = { rateHz: hello.rate_hz, channels: hello.channels, buffer: this.buffer }
    const old = this.#graph
    if (old && JSON.stringify(old.options) === JSON.stringify(options) && deviceHz === undefined) {
      join(old, this.#worker)
      return
    }
    if (old) await closeGraph(old)
    const graph = await openGraph(options, ({ underruns, inputPeak }) => {
      this.underruns = underruns
      this.microphonePeak = inputPeak
      this.device = deviceSecs(graph, this.microphone.track)
    }, deviceHz)
    this.#graph = graph
    this.deviceHz = graph.context.sampleRate === options.rateHz ? undefined : graph.context.sampleRate
    const watch = () => (this.isSuspended = graph.context.state === 'suspended')
    graph.context.onstatechange = watch
    watch()
    join(graph, this.#worker)
    this.#source = undefined
    await this.#listen(this.microphone.stream)
  }

  /** Joins the microphone to the graph. */
  async #listen(stream: MediaStream | undefined): Promise<void> {
    this.#source?.disconnect()
    this.#source = undefined
    const graph = this.#graph
    if (!graph || !stream) return
    try {
      this.#source = graph.context.createMediaStreamSource(stream)
      this.#source.connect(graph.node)
    } catch (thrown) {
      // Firefox joins a microphone only to a graph of its own rate.
      const { sampleRate = 48_000 } = stream.getAudioTracks()[0]?.getSettings() ?? {}
      if (sampleRate === graph.context.sampleRate) throw thrown
      await this.#openGraph(sampleRate)
    }
  }
}

const KEY = 'maquette.session.'

function recalled(id: string): { what?: NewSession; asked?: Asked } | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(KEY + id) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}

/** The number of every control, by key. */
function numbersOf(hello: SessionHello): Map<string, number> {
  const numbers = new Map(hello.controls.map(({ key, number }) => [key, number]))
  for (let i = 0; i < hello.n_directions; i++)
    for (const { key, number } of hello.direction_controls) numbers.set(`z${i + 1}.${key}`, FIRST_DIRECTION + STRIDE * i + number)
  return numbers
}
