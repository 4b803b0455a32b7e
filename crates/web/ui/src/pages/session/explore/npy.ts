// Movements as NumPy files: arrays of shape [1, directions, frames], 32-bit floats.

const MAGIC = '\x93NUMPY'

/** The bytes of a file with frames in it. Format: NumPy Enhancement Proposal 1, version 1.0. */
export function npyOf(frames: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const directions = frames[0]?.length ?? 0
  const words = `{'descr': '<f4', 'fortran_order': False, 'shape': (1, ${directions}, ${frames.length}), }`
  // The head with its first ten bytes is a multiple of 64, and ends a line.
  const head = `${words.padEnd(Math.ceil((words.length + 11) / 64) * 64 - 11)}\n`
  const bytes = new Uint8Array(10 + head.length + 4 * directions * frames.length)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < MAGIC.length; i++) bytes[i] = MAGIC.charCodeAt(i)
  bytes[6] = 1
  view.setUint16(8, head.length, true)
  for (let i = 0; i < head.length; i++) bytes[10 + i] = head.charCodeAt(i)
  for (let d = 0; d < directions; d++)
    frames.forEach((frame, i) => view.setFloat32(10 + head.length + 4 * (d * frames.length + i), frame[d] ?? 0, true))
  return bytes
}

/** What is wrong with a file. */
export type NpyProblem = 'format' | 'type' | 'shape' | 'length' | 'numbers'
export class NpyError extends Error {
  constructor(readonly problem: NpyProblem) {
    super(problem)
  }
}

/** Frames that a file may have. */
const FRAMES_MAX = 200_000

/** The frames of a file of shape [1, directions, frames] or [directions, frames], of 32- or 64-bit floats. */
export function framesOf(bytes: ArrayBuffer): number[][] {
  const view = new DataView(bytes)
  const isNumpy = bytes.byteLength > 12 && [...MAGIC].every((sign, i) => view.getUint8(i) === sign.charCodeAt(0))
  if (!isNumpy) throw new NpyError('format')
  const isFirst = view.getUint8(6) === 1
  const start = isFirst ? 10 : 12
  const length = isFirst ? view.getUint16(8, true) : view.getUint32(8, true)
  if (start + length > bytes.byteLength) throw new NpyError('length')
  const head = new TextDecoder('latin1').decode(new Uint8Array(bytes, start, length))
  const size = { '<f4': 4, '<f8': 8 }[/'descr':\s*'([^']+)'/.exec(head)?.[1] ?? '']
  if (!size) throw new NpyError('type')
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(head)?.[1]?.split(',').map((part) => part.trim()).filter(Boolean).map(Number) ?? []
  const [directions, n] = shape.length === 3 && shape[0] === 1 ? shape.slice(1) : shape
  if (shape.length < 2 || shape.length > 3 || (shape.length === 3 && shape[0] !== 1) || !directions || !n || directions > 4096 || n > FRAMES_MAX) throw new NpyError('shape')
  if (start + length + size * directions * n > bytes.byteLength) throw new NpyError('length')
  const isFortran = /'fortran_order':\s*True/.test(head)
  const at = (d: number, i: number) => start + length + size * (isFortran ? i * directions + d : d * n + i)
  const value = (d: number, i: number) => (size === 4 ? view.getFloat32(at(d, i), true) : view.getFloat64(at(d, i), true))
  const frames = Array.from({ length: n }, (_, i) => Array.from({ length: directions }, (_, d) => value(d, i)))
  if (!frames.every((frame) => frame.every(Number.isFinite))) throw new NpyError('numbers')
  return frames
}
