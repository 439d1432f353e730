import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')

/**
 * Makes one animated PNG, which plays for ever, of screenshots of the same size. Each one after the first has only what
 * is not as before: the rest of it is transparent, which takes next to no room.
 *
 * @param {{ png: Buffer, ms: number }[]} frames each image, with how long it is shown
 * @returns {Buffer}
 * @throws {Error} where an image is not of the first one's size, or of a kind that no browser makes of a page
 */
export function animatedPng(frames) {
  const images = frames.map(({ png }) => decode(png))
  const [{ width, height }] = images
  let sequence = 0
  const chunks = frames.flatMap(({ ms }, index) => {
    const control = chunk('fcTL', numbers(sequence++, width, height, 0, 0), timing(ms))
    const pixels = index === 0 ? images[0].pixels : difference(images[index - 1], images[index])
    const packed = deflateSync(unfiltered(pixels, width), { level: 9 })
    return [control, index === 0 ? chunk('IDAT', packed) : chunk('fdAT', numbers(sequence++), packed)]
  })
  return Buffer.concat([
    SIGNATURE,
    // 8 bits each of red, green, blue and alpha.
    chunk('IHDR', numbers(width, height), Buffer.from([8, 6, 0, 0, 0])),
    chunk('acTL', numbers(frames.length, 0)),
    ...chunks,
    chunk('IEND'),
  ])
}

/** The pixels of `next`, transparent where they are as in `previous`. Both are opaque. */
function difference(previous, next) {
  if (previous.width !== next.width || previous.height !== next.height) throw new Error('the images differ in size')
  const changed = Buffer.alloc(next.pixels.length)
  for (let at = 0; at < changed.length; at += 4) {
    const pixel = next.pixels.readUInt32BE(at)
    if (pixel !== previous.pixels.readUInt32BE(at)) changed.writeUInt32BE(pixel, at)
  }
  return changed
}

/** A PNG's pixels, four bytes each. */
function decode(png) {
  const { IHDR, IDAT } = chunksOf(png)
  const [width, height] = [IHDR.readUInt32BE(0), IHDR.readUInt32BE(4)]
  const size = { 2: 3, 6: 4 }[IHDR[9]]
  if (IHDR[8] !== 8 || size === undefined || IHDR[12] !== 0) throw new Error('no image of 8 bits a colour, row by row')
  const filtered = inflateSync(IDAT)
  const pixels = Buffer.alloc(width * height * 4, 255)
  let above = Buffer.alloc(width * size)
  for (let y = 0; y < height; y += 1) {
    const start = y * (above.length + 1)
    const row = Buffer.from(filtered.subarray(start + 1, start + 1 + above.length))
    restore(row, above, filtered[start], size)
    for (let x = 0; x < width; x += 1) row.copy(pixels, (y * width + x) * 4, x * size, (x + 1) * size)
    above = row
  }
  return { width, height, pixels }
}

/** Undoes the filter of a row: https://www.w3.org/TR/png-3/#9Filters */
function restore(row, above, filter, size) {
  for (let at = 0; at < row.length; at += 1) {
    const left = at < size ? 0 : row[at - size]
    const corner = at < size ? 0 : above[at - size]
    const up = above[at]
    row[at] += [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]
  }
}

function paeth(left, up, corner) {
  const guess = left + up - corner
  const [toLeft, toUp, toCorner] = [left, up, corner].map((each) => Math.abs(guess - each))
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

/** Rows as they are, each after the number of the filter that does nothing. */
function unfiltered(pixels, width) {
  const rows = Array.from({ length: pixels.length / (width * 4) }, (_, y) =>
    pixels.subarray(y * width * 4, (y + 1) * width * 4),
  )
  return Buffer.concat(rows.flatMap((row) => [Buffer.from([0]), row]))
}

/** The chunks of a PNG by name, those of the same name as one. */
function chunksOf(png) {
  const found = {}
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at)
    const name = png.toString('latin1', at + 4, at + 8)
    found[name] = Buffer.concat([found[name] ?? Buffer.alloc(0), png.subarray(at + 8, at + 8 + length)])
    at += length + 12
  }
  return found
}

function chunk(name, ...parts) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), ...parts])
  return Buffer.concat([numbers(body.length - 4), body, numbers(crc32(body))])
}

function numbers(...values) {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}

/** How long, in thousandths of a second; then that what is there stays, and this is laid over it. */
function timing(ms) {
  const bytes = Buffer.alloc(6)
  bytes.writeUInt16BE(ms, 0)
  bytes.writeUInt16BE(1000, 2)
  bytes[5] = 1
  return bytes
}
