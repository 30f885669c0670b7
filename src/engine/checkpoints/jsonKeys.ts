/** What `JSON.parse` hides or chokes on: keys that are named twice, depth, endless lists. */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d

export interface JsonLimits {
  /** Objects and lists inside one another. */
  depth: number
  /** Items of one list. */
  items: number
}

/** What is wrong with a JSON text. */
export type JsonProblem = { kind: 'repeated'; key: string } | { kind: 'depth' | 'items' }

/**
 * Looks through a text before it is parsed, for what is wrong with it besides its grammar.
 *
 * A key that an object names twice is kept once by `JSON.parse`, the last, and two readers may
 * believe different things of such a text. One pass over bytes without recursion, so that neither
 * depth nor length of a hostile text matters; what is no JSON at all is left to the parser.
 *
 * @param text UTF-8
 */
export function jsonProblem(text: Buffer, limits: JsonLimits): JsonProblem | null {
  // Of every object that is open its keys, of every list the number of its items.
  const open: (Set<string> | number)[] = []
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]!
    if (byte === QUOTE) {
      const end = endOfString(text, at)
      const keys = open.at(-1)
      if (typeof keys === 'object' && isKey(text, end)) {
        const key = keyOf(text, at, end)
        if (keys.has(key)) return { kind: 'repeated', key }
        keys.add(key)
      }
      at = end - 1
    } else if (byte === COMMA) {
      const items = open.at(-1)
      if (typeof items !== 'number') continue
      if (items >= limits.items) return { kind: 'items' }
      open[open.length - 1] = items + 1
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      if (open.length >= limits.depth) return { kind: 'depth' }
      open.push(byte === OPEN_OBJECT ? new Set<string>() : 1)
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) open.pop()
  }
  return null
}

/** Where a string ends, its closing quote included. */
function endOfString(text: Buffer, begin: number): number {
  let at = begin + 1
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1
  return Math.min(at + 1, text.length)
}

function isKey(text: Buffer, end: number): boolean {
  let at = end
  while (at < text.length && text[at]! <= 0x20) at++
  return text[at] === COLON
}

/** A key with its escapes read: `a` and `\u0061` are one. */
function keyOf(text: Buffer, begin: number, end: number): string {
  const written = text.toString('utf8', begin, end)
  if (!written.includes('\\')) return written.slice(1, -1)
  try {
    return JSON.parse(written) as string
  } catch {
    return written
  }
}
