/** Pictures of the window as small files: it has few colours, so that a palette of 256 holds them. */
import { crc32, deflateSync } from 'node:zlib'

/** Colours that are taken since they are most frequent; the others since they are farthest from those. */
const FREQUENT = 176
const MOST = 256

/**
 * A PNG with a palette. Shades of a few pixels become the nearest of it.
 *
 * @param {number} width
 * @param {number} height
 * @param {Uint8Array} pixels red, green, blue and alpha of each, row by row; alpha is left out
 * @returns {Buffer}
 */
export function smallPng(width, height, pixels) {
  /** @type {Map<number, number>} */
  const counts = new Map()
  for (let at = 0; at < pixels.length; at += 4) {
    const colour = colourAt(pixels, at)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const { palette, places } = paletteOf(counts)
  // Each row begins with how it is filtered: not at all.
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      rows[y * (width + 1) + x + 1] = places.get(colourAt(pixels, at)) ?? 0
    }
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  // Eight bits, each the place of a colour.
  head.set([8, 3, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('PLTE', Buffer.from(palette.flatMap((colour) => channels(colour)))),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0))
  ])
}

/**
 * @param {Map<number, number>} counts pixels of each colour
 * @returns {{ palette: number[], places: Map<number, number> }} and which of it stands for each colour
 */
function paletteOf(counts) {
  const all = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour)
  const palette = all.slice(0, FREQUENT)
  const rest = all.slice(FREQUENT).map((colour) => ({ colour, ...nearest(palette, colour) }))
  while (palette.length < MOST && rest.some(({ distance }) => distance > 0)) {
    const farthest = rest.reduce((a, b) => (b.distance > a.distance ? b : a))
    const place = palette.push(farthest.colour) - 1
    for (const one of rest) {
      const distance = distanceOf(one.colour, farthest.colour)
      if (distance < one.distance) Object.assign(one, { place, distance })
    }
  }
  const places = new Map(palette.map((colour, place) => [colour, place]))
  for (const { colour, place } of rest) places.set(colour, place)
  return { palette, places }
}

/**
 * @param {readonly number[]} palette
 * @param {number} colour
 */
function nearest(palette, colour) {
  let found = { place: 0, distance: Infinity }
  for (const [place, one] of palette.entries()) {
    const distance = distanceOf(one, colour)
    if (distance < found.distance) found = { place, distance }
  }
  return found
}

/**
 * @param {number} a
 * @param {number} b
 */
function distanceOf(a, b) {
  const other = channels(b)
  return channels(a).reduce(
    (sum, value, i) => sum + (value - /** @type {number} */ (other[i])) ** 2,
    0
  )
}

/** @param {number} colour */
function channels(colour) {
  return [colour >> 16, (colour >> 8) & 255, colour & 255]
}

/**
 * @param {Uint8Array} pixels
 * @param {number} at
 */
function colourAt(pixels, at) {
  const [red = 0, green = 0, blue = 0] = pixels.subarray(at, at + 3)
  return (red << 16) | (green << 8) | blue
}

/**
 * @param {string} type
 * @param {Buffer} data
 */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const around = Buffer.alloc(8)
  around.writeUInt32BE(data.length, 0)
  around.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)])
}
