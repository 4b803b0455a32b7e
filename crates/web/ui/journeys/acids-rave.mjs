// What acids-rave leaves on a disk, as small as it can be.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PAGE = 4096

/** A lazy dataset: a database whose records name sound files, and what is said of all of them. */
export function lazyDataset(folder, paths, rate = 44_100) {
  mkdirSync(folder, { recursive: true })
  const records = paths.map((path, i) => [String(i).padStart(8, '0'), recordOf({ channels: '1', length: '2.0', path })])
  writeFileSync(join(folder, 'data.mdb'), Buffer.concat([metaPage(0, records.length), metaPage(1, records.length), leafPage(2, records)]))
  writeFileSync(join(folder, 'metadata.yaml'), `channels: 1\nlazy: true\nn_seconds: ${2 * paths.length}.0\nsr: ${rate}\n`)
}

/** A message `AudioExample` with nothing but its texts. */
function recordOf(texts) {
  const entries = Object.entries(texts).map(([key, value]) => field(2, Buffer.concat([field(1, Buffer.from(key)), field(2, Buffer.from(value))])))
  return Buffer.concat(entries)
}

/** A field of a protobuf message that has a length. */
function field(number, bytes) {
  const length = []
  for (let left = bytes.length; ; left >>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left)
    if (left <= 127) break
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes])
}

/** A page of an LMDB database that says where its tree is: all of it is page 2. */
function metaPage(number, nEntries) {
  const page = emptyPage(number, 0x08)
  page.writeUInt32LE(0xbeefc0de, 16)
  page.writeUInt32LE(1, 20)
  page.writeUInt32LE(PAGE, 40)
  page.writeUInt16LE(1, 94)
  page.writeBigUInt64LE(BigInt(nEntries), 120)
  page.writeBigUInt64LE(2n, 128)
  page.writeBigUInt64LE(BigInt(number + 1), 144)
  return page
}

/** A page with entries, which lie from its end downward. */
function leafPage(number, entries) {
  const page = emptyPage(number, 0x02)
  let upper = PAGE
  for (const [i, [key, value]] of entries.entries()) {
    const n = 8 + key.length + value.length
    upper -= n + (n % 2)
    page.writeUInt32LE(value.length, upper)
    page.writeUInt16LE(key.length, upper + 6)
    page.write(key, upper + 8)
    value.copy(page, upper + 8 + key.length)
    page.writeUInt16LE(upper, 16 + 2 * i)
  }
  page.writeUInt16LE(16 + 2 * entries.length, 12)
  page.writeUInt16LE(upper, 14)
  return page
}

function emptyPage(number, flags) {
  const page = Buffer.alloc(PAGE)
  page.writeBigUInt64LE(BigInt(number), 0)
  page.writeUInt16LE(flags, 10)
  return page
}
