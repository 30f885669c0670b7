/** Names that people give, as names of folders on any system. */
import { createHash } from 'node:crypto'

/** Bytes of the longest name: file systems allow 255, and a mark may be put behind it. */
const LONGEST_BYTES = 160

/** What some system refuses in a name, or reads as something else. */
const REFUSED = /[^\p{Letter}\p{Mark}\p{Number} _.,+=@()-]/gu

/**
 * A name as a folder's name: what a system might refuse becomes `_`, and a name that was changed
 * ends in six hex digits of its SHA-256, so that two names never share a folder.
 */
export function folderName(name: string): string {
  const fit = name.replace(REFUSED, '_').replace(/^[. ]+|[. ]+$/g, '_')
  const isShort = Buffer.byteLength(fit) <= LONGEST_BYTES
  if (fit === name && isShort && name !== '') return name
  const mark = createHash('sha256').update(name).digest('hex').slice(0, 6)
  return `${isShort ? fit : shortened(fit)}-${mark}`
}

function shortened(name: string): string {
  let letters = [...name]
  while (Buffer.byteLength(letters.join('')) > LONGEST_BYTES) letters = letters.slice(0, -1)
  return letters.join('')
}
