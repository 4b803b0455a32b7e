// The colours of a spectrogram: magma in every theme, so that pictures can be compared.

/** Magma at 16 even steps, from black through purple to pale yellow. Source: matplotlib's `_cm_listed.py`, CC0. */
const MAGMA = [
  0x000004, 0x0b0724, 0x20114b, 0x3b0f70, 0x57157e, 0x721f81, 0x8c2981, 0xa8327d,
  0xc43c75, 0xde4968, 0xf1605d, 0xfa7f5e, 0xfe9f6d, 0xfebf84, 0xfddea0, 0xfcfdbf,
]

/** 256 colours as little-endian RGBA words, ready for `ImageData`. */
export const magma: Uint32Array = Uint32Array.from({ length: 256 }, (_, i) => {
  const place = (i / 255) * (MAGMA.length - 1)
  const low = Math.min(Math.floor(place), MAGMA.length - 2)
  const [a, b] = [MAGMA[low]!, MAGMA[low + 1]!]
  const channel = (shift: number) => {
    const from = (a >> shift) & 255
    return Math.round(from + (((b >> shift) & 255) - from) * (place - low))
  }
  return ((255 << 24) | (channel(0) << 16) | (channel(8) << 8) | channel(16)) >>> 0
})

/** Colours levels: the bytes `least` and `most` get the first and the last colour. */
export function painted(levels: Uint8Array, least: number, most: number): Uint8ClampedArray<ArrayBuffer> {
  const scale = 255 / Math.max(1, most - least)
  const table = Uint32Array.from({ length: 256 }, (_, level) =>
    magma[Math.max(0, Math.min(255, Math.round((level - least) * scale)))]!)
  const pixels = new Uint32Array(levels.length)
  for (let i = 0; i < levels.length; i++) pixels[i] = table[levels[i]!]!
  return new Uint8ClampedArray(pixels.buffer)
}
