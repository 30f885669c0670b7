/** Keys that JSON names twice: `JSON.parse` keeps the last and says nothing. */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d

/**
 * The first key that an object of a JSON text names twice, at any depth; null when there is none.
 *
 * Two readers of such a text may believe different things of it. Reads bytes in one pass without
 * recursion, so that neither depth nor length of a hostile text matters.
 *
 * @param text UTF-8 that `JSON.parse` takes
 */
export function repeatedKey(text: Buffer): string | null {
  const open: (Set<string> | null)[] = []
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]!
    if (byte === OPEN_OBJECT) open.push(new Set())
    else if (byte === OPEN_LIST) open.push(null)
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) open.pop()
    else if (byte === QUOTE) {
      const end = endOfString(text, at)
      const keys = open.at(-1)
      if (keys && isKey(text, end)) {
        const key = JSON.parse(text.toString('utf8', at, end)) as string
        if (keys.has(key)) return key
        keys.add(key)
      }
      at = end - 1
    }
  }
  return null
}

/** Where a string ends, its closing quote included. */
function endOfString(text: Buffer, begin: number): number {
  let at = begin + 1
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1
  return at + 1
}

function isKey(text: Buffer, end: number): boolean {
  let at = end
  while (at < text.length && text[at]! <= 0x20) at++
  return text[at] === COLON
}
