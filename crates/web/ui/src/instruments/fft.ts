// The discrete Fourier transform behind the spectrogram; used in its worker.

/** In-place transform of `re + i·im`; both hold `size` numbers. */
export type Transform = (re: Float32Array, im: Float32Array) => void

/**
 * A radix-2 transform (Cooley and Tukey, 1965) of a fixed power-of-two size, with its tables
 * computed once. Forward, without scaling: a full-scale sine of `size` samples peaks at `size / 2`.
 */
export function createFft(size: number): Transform {
  if (size < 2 || (size & (size - 1)) !== 0) throw new RangeError(`${size} is not a power of two`)
  const order = bitReversed(size)
  const cos = Float32Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size))
  const sin = Float32Array.from({ length: size / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / size))
  return (re, im) => {
    permute(re, order)
    permute(im, order)
    for (let half = 1; half < size; half *= 2) butterflies(re, im, half, cos, sin)
  }
}

/** A periodic Hann window of `size` samples. */
export function hann(size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size))
}

function bitReversed(size: number): Uint32Array {
  const order = new Uint32Array(size)
  for (let i = 1; i < size; i++) order[i] = (order[i >> 1]! >> 1) | (i & 1 ? size >> 1 : 0)
  return order
}

function permute(x: Float32Array, order: Uint32Array) {
  for (let i = 0; i < order.length; i++) {
    const j = order[i]!
    if (i < j) [x[i], x[j]] = [x[j]!, x[i]!]
  }
}

function butterflies(re: Float32Array, im: Float32Array, half: number, cos: Float32Array, sin: Float32Array) {
  const size = re.length
  const stride = size / (2 * half)
  for (let start = 0; start < size; start += 2 * half) {
    for (let k = 0; k < half; k++) {
      const c = cos[k * stride]!
      const s = sin[k * stride]!
      const a = start + k
      const b = a + half
      const x = re[b]! * c + im[b]! * s
      const y = im[b]! * c - re[b]! * s
      re[b] = re[a]! - x
      im[b] = im[a]! - y
      re[a] = re[a]! + x
      im[a] = im[a]! + y
    }
  }
}
