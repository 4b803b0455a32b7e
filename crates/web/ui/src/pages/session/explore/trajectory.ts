// Movements through the latent space: recorded or drawn, then turned, stretched, sent.

export interface Trajectory {
  /** Coordinates along the first directions, one frame after the other. */
  frames: number[][]
  rateHz: number
}

/** A movement is sampled at most so often. */
export const RATE_MOST_HZ = 100
/** The longest movement, in frames. */
export const FRAMES_MAX = 60_000
/** Coordinates in files and messages have so many digits: far less than can be heard. */
const DIGITS = 1e3

/** How often a second a movement is sampled: as often as latents change, at most 100 times. */
export const rateOf = (latentHz: number): number => Math.min(RATE_MOST_HZ, Math.max(1, latentHz))

export const secsOf = ({ frames, rateHz }: Trajectory): number => Math.max(0, frames.length - 1) / rateHz

export const reversed = (movement: Trajectory): Trajectory => ({ ...movement, frames: movement.frames.toReversed() })

/** The same way in another time; frames in between lie on straight lines. */
export function stretched({ frames, rateHz }: Trajectory, factor: number): Trajectory {
  const n = Math.max(1, Math.min(FRAMES_MAX, Math.round((frames.length - 1) * factor) + 1))
  const at = (i: number) => {
    const place = n === 1 ? 0 : (i / (n - 1)) * (frames.length - 1)
    const low = Math.min(Math.floor(place), frames.length - 1)
    const high = Math.min(low + 1, frames.length - 1)
    return frames[low]!.map((value, d) => rounded(value + (place - low) * (frames[high]![d]! - value)))
  }
  return { frames: Array.from({ length: n }, (_, i) => at(i)), rateHz }
}

/** The longest message of a page to a session, with room for what surrounds the frames, in characters. */
const MESSAGE_MOST = 120_000

/** The same movement, sampled less often if it is too long for one message. */
export function fitting(movement: Trajectory): Trajectory {
  let fitted = movement
  for (let length = sizeOf(fitted); length > MESSAGE_MOST && fitted.frames.length > 2; length = sizeOf(fitted)) {
    const sparse = stretched(movement, (0.95 * MESSAGE_MOST * (fitted.frames.length - 1)) / length / (movement.frames.length - 1))
    fitted = { frames: sparse.frames, rateHz: (movement.rateHz * (sparse.frames.length - 1)) / (movement.frames.length - 1) }
  }
  return fitted
}
const sizeOf = ({ frames }: Trajectory): number => JSON.stringify(frames).length

/** Without the last directions where nothing happens. */
export function trimmed({ frames, rateHz }: Trajectory): Trajectory {
  const used = frames.reduce((most, frame) => Math.max(most, frame.findLastIndex((value) => value !== 0) + 1), 1)
  return { frames: frames.map((frame) => frame.slice(0, used)), rateHz }
}

const rounded = (value: number) => Math.round(value * DIGITS) / DIGITS

/** Collects a movement: where it is, whenever it is asked, at equal times. */
export class Recorder {
  #frames: number[][] = []
  #rateHz: number
  #startMs: number
  #last: number[]

  constructor(rateHz: number, start: readonly number[], nowMs: number) {
    this.#rateHz = rateHz
    this.#startMs = nowMs
    this.#last = start.map(rounded)
    this.#frames.push(this.#last)
  }

  get isFull(): boolean {
    return this.#frames.length >= FRAMES_MAX
  }

  /** It is at a point now; since the last time it was where it was then. */
  at(point: readonly number[], nowMs: number): void {
    const due = Math.min(FRAMES_MAX, Math.floor(((nowMs - this.#startMs) / 1000) * this.#rateHz) + 1)
    const from = this.#frames.length
    const now = point.map(rounded)
    // Frames since then lie between where it was and where it is.
    for (let i = from; i < due; i++) {
      const share = (i - from + 1) / (due - from)
      this.#frames.push(this.#last.map((value, d) => rounded(value + share * (now[d]! - value))))
    }
    if (due > from) this.#last = now
  }

  end(): Trajectory {
    return { frames: this.#frames, rateHz: this.#rateHz }
  }
}
