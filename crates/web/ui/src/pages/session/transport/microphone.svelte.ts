// The microphone: which one, whether it may be heard, and what happened if it may not.

/** Why there is no microphone. */
export type MicrophoneProblem = 'refused' | 'none' | 'busy' | 'gone' | 'insecure'
export interface Device {
  id: string
  name: string
}

const KEY = 'maquette.microphone'

export class Microphone {
  stream = $state.raw<MediaStream>()
  problem = $state<MicrophoneProblem>()
  isAsking = $state(false)
  devices = $state.raw<Device[]>([])
  /** The chosen device; empty for the system's own choice. */
  device = $state(kept())

  #onchange: (stream: MediaStream | undefined) => void

  constructor(onchange: (stream: MediaStream | undefined) => void) {
    this.#onchange = onchange
  }

  get track(): MediaStreamTrack | undefined {
    return this.stream?.getAudioTracks()[0]
  }

  /** Follows which devices there are; returns how to stop. */
  watch(): () => void {
    const media = navigator.mediaDevices as MediaDevices | undefined
    const list = () => void this.#list()
    media?.addEventListener('devicechange', list)
    list()
    return () => media?.removeEventListener('devicechange', list)
  }

  /** Asks for the microphone; whether it is there now. */
  async open(device = this.device): Promise<boolean> {
    this.device = device
    keep(device)
    const media = navigator.mediaDevices as MediaDevices | undefined
    if (!media) {
      this.problem = 'insecure'
      return false
    }
    this.isAsking = true
    try {
      // What makes calls clear makes music dull: it is all off.
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, ...(device && { deviceId: { exact: device } }) }
      const stream = await media.getUserMedia({ audio })
      this.close()
      this.stream = stream
      this.problem = undefined
      const track = stream.getAudioTracks()[0]
      track?.addEventListener('ended', () => stream === this.stream && this.#gone())
      this.#onchange(stream)
      await this.#list()
      return true
    } catch (thrown) {
      this.problem = problemFrom(thrown)
      return false
    } finally {
      this.isAsking = false
    }
  }

  close(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop()
    if (this.stream) this.#onchange(undefined)
    this.stream = undefined
  }

  #gone(): void {
    this.close()
    this.problem = 'gone'
  }

  async #list(): Promise<void> {
    const all = await navigator.mediaDevices?.enumerateDevices().catch(() => []) ?? []
    // Names are there only once the microphone was allowed.
    this.devices = all.filter(({ kind, deviceId, label }) => kind === 'audioinput' && deviceId && label).map(({ deviceId, label }) => ({ id: deviceId, name: label }))
    if (this.problem === 'gone' && this.devices.some(({ id }) => id === this.device)) this.problem = undefined
  }
}

/** Why a browser did not give a microphone. */
export function problemFrom(thrown: unknown): MicrophoneProblem {
  const name = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused'
  if (name === 'NotFoundError') return 'none'
  if (name === 'OverconstrainedError') return 'gone'
  return 'busy'
}

function kept(): string {
  try {
    return localStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}
function keep(device: string): void {
  try {
    localStorage.setItem(KEY, device)
  } catch {
    // It is asked again next time.
  }
}
