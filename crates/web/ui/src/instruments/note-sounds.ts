// Notes made audible in the page while they are edited: plain tones and noise, started a little ahead of the time they are due.

/** A note as it sounds: start and length in seconds, key, velocity, and whether it is a drum. */
export interface Tone {
  start: number
  length: number
  key: number
  velocity: number
  isDrum: boolean
}

/** How far ahead notes are started, and how often it is looked for them, in seconds. */
const AHEAD_SECS = 0.15
const LOOK_MS = 40
const ATTACK_SECS = 0.005
const RELEASE_SECS = 0.06
/** The longest a note is heard that was only touched. */
const TOUCH_SECS = 0.3
const GAIN = 0.25

/** The tones that begin within an interval of a piece. */
export const dueIn = (tones: readonly Tone[], from: number, to: number): Tone[] => tones.filter(({ start }) => start >= from && start < to)

export class NoteSounds {
  #context: AudioContext | undefined
  #out: GainNode | undefined
  #noise: AudioBuffer | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  /** Up to where in the piece notes were started. */
  #until = 0

  /** Plays a note that was touched, at once. */
  async touch(key: number, velocity: number, isDrum: boolean) {
    const context = await this.#wake()
    this.#start({ start: 0, length: TOUCH_SECS, key, velocity, isDrum }, context.currentTime + 0.01)
  }

  /**
   * Plays the notes as a clock goes on that says which second of the piece is heard; `tones` is asked again and again, so
   * that what is edited is heard as it is now. Goes on until it is stopped.
   */
  async follow(position: () => number, tones: () => readonly Tone[]) {
    this.stop()
    const context = await this.#wake()
    this.#until = position()
    const look = () => {
      const now = position()
      // A clock that jumped, back in a loop or elsewhere, goes on from where it is.
      if (now < this.#until - 2 * AHEAD_SECS || now > this.#until + AHEAD_SECS) this.#until = now
      const to = now + AHEAD_SECS
      for (const tone of dueIn(tones(), this.#until, to)) this.#start(tone, context.currentTime + Math.max(0, tone.start - now))
      this.#until = Math.max(this.#until, to)
    }
    look()
    this.#timer = setInterval(look, LOOK_MS)
  }

  /** Seconds of the audio clock. */
  get now(): number {
    return this.#context?.currentTime ?? 0
  }

  /** Makes the clock run; it needs a click or key of a person. */
  wake = (): Promise<AudioContext> => this.#wake()

  stop() {
    clearInterval(this.#timer)
    this.#timer = undefined
    if (!this.#context || !this.#out) return
    // What was started ahead is faded out with all that sounds.
    this.#out.gain.setTargetAtTime(0, this.#context.currentTime, 0.01)
    this.#out = undefined
  }

  close() {
    this.stop()
    void this.#context?.close()
    this.#context = undefined
  }

  async #wake(): Promise<AudioContext> {
    this.#context ??= new AudioContext({ latencyHint: 'interactive' })
    await this.#context.resume()
    return this.#context
  }

  #output(context: AudioContext): GainNode {
    if (!this.#out) {
      this.#out = context.createGain()
      this.#out.gain.value = GAIN
      this.#out.connect(context.destination)
    }
    return this.#out
  }

  #start(tone: Tone, at: number) {
    const context = this.#context
    if (!context) return
    const length = tone.isDrum ? 0.12 : Math.max(0.03, tone.length)
    const gain = context.createGain()
    const peak = (tone.velocity / 127) ** 2
    gain.gain.setValueAtTime(0, at)
    gain.gain.linearRampToValueAtTime(peak, at + ATTACK_SECS)
    gain.gain.setTargetAtTime(tone.isDrum ? 0 : peak * 0.6, at + ATTACK_SECS, tone.isDrum ? 0.03 : 0.3)
    gain.gain.setTargetAtTime(0, at + length, RELEASE_SECS / 3)
    gain.connect(this.#output(context))
    const source = tone.isDrum ? this.#drum(context, tone.key) : this.#pitched(context, tone.key)
    source.connect(gain)
    source.onended = () => gain.disconnect()
    source.start(at)
    source.stop(at + length + 2 * RELEASE_SECS)
  }

  #pitched(context: AudioContext, key: number): OscillatorNode {
    const source = context.createOscillator()
    source.type = 'triangle'
    source.frequency.value = 440 * 2 ** ((key - 69) / 12)
    return source
  }

  /** Low drums are low tones, all others noise. */
  #drum(context: AudioContext, key: number): OscillatorNode | AudioBufferSourceNode {
    if (key <= 36) {
      const source = context.createOscillator()
      source.frequency.value = 70
      return source
    }
    if (!this.#noise) {
      this.#noise = context.createBuffer(1, context.sampleRate / 2, context.sampleRate)
      const samples = this.#noise.getChannelData(0)
      for (let i = 0; i < samples.length; i++) samples[i] = Math.random() * 2 - 1
    }
    const source = context.createBufferSource()
    source.buffer = this.#noise
    source.playbackRate.value = Math.min(2, 0.5 + (key - 36) / 24)
    return source
  }
}
