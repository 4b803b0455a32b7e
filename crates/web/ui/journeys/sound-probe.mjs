// Hears what a page hears and plays, sample by sample, with the time of the audio clock beside it.

/** Put into a page before it loads: notes the nodes of the instrument, and can record what passes them. */
export function probe() {
  const heard = (globalThis.heard = { node: undefined, source: undefined, movedAt: undefined })
  const Node = globalThis.AudioWorkletNode
  globalThis.AudioWorkletNode = class extends Node {
    constructor(...args) {
      super(...args)
      heard.node = this
    }
  }
  const create = AudioContext.prototype.createMediaStreamSource
  AudioContext.prototype.createMediaStreamSource = function (stream) {
    heard.source = create.call(this, stream)
    return heard.source
  }
  // The last moment at which a pointer moved or was pressed, or a key, on the audio clock.
  for (const kind of ['pointerdown', 'pointermove', 'keydown'])
    addEventListener(kind, () => heard.node && (heard.movedAt = heard.node.context.currentTime), { capture: true })

  /** Records for so many seconds; gives the microphone, the output and the time of each sample, as base64 of 32-bit floats. */
  heard.record = async (secs) => {
    const { node, source } = heard
    const { context } = node
    const merger = context.createChannelMerger(3)
    const recorder = context.createScriptProcessor(4096, 3, 1)
    const clock = context.createConstantSource()
    const start = context.currentTime
    clock.offset.setValueAtTime(0, start)
    clock.offset.linearRampToValueAtTime(1000, start + 1000)
    clock.start()
    source?.connect(merger, 0, 0)
    node.connect(merger, 0, 1)
    clock.connect(merger, 0, 2)
    merger.connect(recorder)
    recorder.connect(context.destination)
    const pieces = [[], [], []]
    recorder.onaudioprocess = ({ inputBuffer }) => pieces.forEach((list, i) => list.push(inputBuffer.getChannelData(i).slice()))
    await new Promise((resolve) => setTimeout(resolve, secs * 1000))
    recorder.onaudioprocess = null
    for (const one of [merger, recorder, clock]) one.disconnect()
    source?.disconnect(merger)
    node.disconnect(merger)
    const base64 = (list) => {
      const all = new Float32Array(list.reduce((sum, piece) => sum + piece.length, 0))
      let at = 0
      for (const piece of list) {
        all.set(piece, at)
        at += piece.length
      }
      const bytes = new Uint8Array(all.buffer)
      let text = ''
      for (let i = 0; i < bytes.length; i += 32_768) text += String.fromCharCode(...bytes.subarray(i, i + 32_768))
      return btoa(text)
    }
    return { start, rate: context.sampleRate, microphone: base64(pieces[0]), output: base64(pieces[1]), clock: base64(pieces[2]), movedAt: heard.movedAt, deviceSecs: context.baseLatency + (context.outputLatency || 0) }
  }
}

/** What the probe recorded, as numbers; times are those of the audio clock. */
export function read({ start, rate, microphone, output, clock, movedAt, deviceSecs }) {
  const floats = (text) => {
    const bytes = Buffer.from(text, 'base64')
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  }
  return { rate, microphone: floats(microphone), output: floats(output), times: floats(clock).map((time) => start + time), movedAt, deviceSecs }
}

/** By how many samples `late` follows `early`, where they are most alike; and how alike, 0 to 1. */
export function lagOf(early, late, most) {
  const from = Math.min(early.length, late.length) - 2 * most
  let best = { lag: 0, likeness: 0 }
  const likenessAt = (lag, step) => {
    let [product, a, b] = [0, 0, 0]
    for (let i = most; i < most + from; i += step) {
      product += early[i - 0] * late[i + lag]
      a += early[i] ** 2
      b += late[i + lag] ** 2
    }
    return product / Math.sqrt(a * b + 1e-20)
  }
  for (let lag = 0; lag < most; lag++) {
    const likeness = likenessAt(lag, 3)
    if (likeness > best.likeness) best = { lag, likeness }
  }
  return { lag: best.lag, likeness: likenessAt(best.lag, 1) }
}

/** The loudest sample. */
export const peakOf = (samples) => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)

/** The largest jump from one sample to the next. */
export function steepestOf(samples) {
  let most = 0
  for (let i = 1; i < samples.length; i++) most = Math.max(most, Math.abs(samples[i] - samples[i - 1]))
  return most
}
