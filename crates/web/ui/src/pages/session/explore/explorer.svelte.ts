// What the parts of the explorer share: the map, the movement that is recorded, and where it goes.

import type { LiveSession } from '../session.svelte'
import { manualOn, switchedOn } from '../sources'
import type { Way } from '../words'
import type { MapOfModel } from './map.svelte'
import { fitting, rateOf, Recorder, secsOf, trimmed, type Trajectory } from './trajectory'

/** How often a movement that is recorded is looked at. */
const LOOK_MS = 15

export class Explorer {
  /** The points of a path, in the order in which they are visited. */
  stops = $state.raw<{ name: string; point: number[] }[]>([])
  /** The last movement that was recorded, drawn or loaded. */
  movement = $state.raw<Trajectory>()
  movementName = $state('')
  isRecording = $state(false)
  recordedSecs = $state(0)
  /** The way of a movement that was made on the map, as it was drawn there. */
  trace = $state.raw<{ layout: string; places: (readonly [number, number])[] }>()
  /** Whether a drag on map or pad is a movement of its own. */
  isDrawing = $state(false)

  #session: LiveSession
  #recorder: Recorder | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  readonly map: MapOfModel

  constructor(session: LiveSession, map: MapOfModel) {
    this.#session = session
    this.map = map
  }

  /** Goes to a point, and lets it be heard. */
  goTo(point: ArrayLike<number>): void {
    const on = manualOn(this.#session)
    if (Object.keys(on).length > 0) this.#session.set(on)
    this.#session.moveTo(point)
  }

  record(): void {
    const { hello } = this.#session
    if (!hello || this.isRecording) return
    const rate = rateOf(hello.rate_hz / hello.ratio)
    const start = performance.now()
    const recorder = new Recorder(rate, this.#session.point, start)
    this.#recorder = recorder
    this.isRecording = true
    this.trace = undefined
    this.recordedSecs = 0
    this.#timer = setInterval(() => {
      const now = performance.now()
      recorder.at(this.#session.point, now)
      this.recordedSecs = (now - start) / 1000
      if (recorder.isFull) this.endRecording()
    }, LOOK_MS)
  }
  endRecording(): void {
    clearInterval(this.#timer)
    this.isRecording = false
    const recorder = this.#recorder
    this.#recorder = undefined
    if (!recorder) return
    recorder.at(this.#session.point, performance.now())
    this.keep(trimmed(recorder.end()), '')
  }
  /** A drag on map or pad: while drawing, it is recorded from its start to its end. */
  dragged(isDragging: boolean): void {
    if (!this.isDrawing) return
    if (isDragging) this.record()
    else {
      this.endRecording()
      this.isDrawing = false
      this.play()
    }
  }

  /** The dot is at a place of the map; while a movement is recorded, that is drawn. */
  placed(layout: string, x: number, y: number): void {
    if (this.isRecording) this.trace = { layout, places: [...(this.trace?.layout === layout ? this.trace.places : []), [x, y]] }
  }

  /** Another movement, which was not made on the map. */
  load(movement: Trajectory, name: string): void {
    this.trace = undefined
    this.keep(movement, name)
  }
  /** A movement, along the way that is drawn. */
  keep(movement: Trajectory, name: string): void {
    this.movement = movement
    this.movementName = name
  }
  /** Lets the session follow the movement. */
  play(): void {
    const movement = this.movement
    if (!movement) return
    const { frames, rateHz } = fitting(movement)
    this.#session.follow({ command: { do: 'trajectory', frames, rate_hz: rateHz }, secs: Math.max(secsOf(movement), 1 / rateHz) })
    this.#follow()
  }
  /** Lets the session go from stop to stop. */
  playStops(way: Way, isClosed: boolean, secs: number): void {
    if (this.stops.length < 2) return
    const legs = this.stops.length - (isClosed ? 0 : 1)
    this.#session.follow({ command: { do: 'path', points: this.stops.map(({ point }) => point), way, is_closed: isClosed, secs }, secs: legs * secs })
    this.#follow()
  }
  /** The path alone, unless a sound plays along. */
  #follow(): void {
    this.#session.set({ ...switchedOn(this.#session, 'path'), manual: 0 })
  }

  end(): void {
    clearInterval(this.#timer)
  }
}
