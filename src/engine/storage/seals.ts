/**
 * Checksums inside text files: of a JSON document at its end, of a line of JSON at the line's end.
 *
 * Each has two marks (the key and the hash's name), so that no single flipped bit makes a sealed text
 * look like one that an earlier version wrote without a seal.
 */
import { WorkbenchError } from '#shared/errors'
import { jsonValue } from '#shared/jsonText'
import { sha256 } from './sha256'

const KEY = '"checksum"'
const ALGORITHM = 'sha256-'
const HASH_LETTERS = 64
const LINE_KEY = '"sum"'
const LINE_LETTERS = 16

/** A sealed document's end: the checksum is over everything ahead of it. */
const END = new RegExp(`,\\n ${KEY}: "${ALGORITHM}([0-9a-f]{${HASH_LETTERS}})"\\n\\}\\n$`)
const END_LENGTH = `,\n ${KEY}: "${ALGORITHM}"\n}\n`.length + HASH_LETTERS
const LINE_END = new RegExp(`,${LINE_KEY}:"${ALGORITHM}([0-9a-f]{${LINE_LETTERS}})"\\}$`)
const LINE_END_LENGTH = `,${LINE_KEY}:"${ALGORITHM}"}`.length + LINE_LETTERS

/** What became of a text: `unsealed` ones are of an earlier version, or of somebody's hand. */
export type Opened =
  | { state: 'sound' | 'unsealed'; value: unknown }
  /** `value`: what stands there all the same; undefined where it is no JSON. */
  | { state: 'damaged'; expected: string; found: string; value: unknown }

/**
 * An object as a JSON document that ends with a checksum of itself.
 *
 * @param indent as of `JSON.stringify`
 */
export function sealedText(value: object, indent = 0): string {
  const text = JSON.stringify(value, null, indent)
  const body = text.slice(0, text.endsWith('\n}') ? -2 : -1)
  return `${body},\n ${KEY}: "${ALGORITHM}${sha256(body)}"\n}\n`
}

/** Reads a document of {@link sealedText}, or one without a checksum; the checksum is left out. */
export function openSealed(text: string): Opened {
  const tail = text.slice(-2 * END_LENGTH)
  const end = END.exec(tail)
  if (!end)
    return opened(
      text,
      [KEY, ALGORITHM].some((mark) => tail.includes(mark))
    )
  return checked(text.slice(0, -end[0].length), end[1]!, sha256)
}

/** A record as a line of JSON that ends with a checksum of itself; without a newline. */
export function sealedLine(record: object): string {
  const body = JSON.stringify(record).slice(0, -1)
  return `${body},${LINE_KEY}:"${ALGORITHM}${lineSum(body)}"}`
}

/** Reads a line of {@link sealedLine}, or one without a checksum; the checksum is left out. */
export function openLine(line: string): Opened {
  const tail = line.slice(-2 * LINE_END_LENGTH)
  const end = LINE_END.exec(tail)
  if (!end)
    return opened(
      line,
      [LINE_KEY, ALGORITHM].some((mark) => tail.includes(mark))
    )
  return checked(line.slice(0, -end[0].length), end[1]!, lineSum)
}

function lineSum(body: string): string {
  return sha256(body).slice(0, LINE_LETTERS)
}

function checked(body: string, expected: string, sumOf: (text: string) => string): Opened {
  const found = sumOf(body)
  const value = jsonValue(body + '}')
  if (found === expected && value !== undefined) return { state: 'sound', value }
  return { state: 'damaged', expected, found, value }
}

/** A text without a whole seal: of an earlier version where it has no trace of one. */
function opened(text: string, isMarked: boolean): Opened {
  const value = jsonValue(text)
  if (!isMarked && value !== undefined) return { state: 'unsealed', value }
  const whole = value as Record<string, unknown> | undefined
  if (whole && typeof whole === 'object') for (const key of ['checksum', 'sum']) delete whole[key]
  const expected = isMarked ? 'a checksum at the end' : 'JSON'
  return { state: 'damaged', expected, found: sha256(text), value: whole }
}

/**
 * The error for a file that is not what was written.
 *
 * @param remedy a sentence: what to do
 */
export function damagedError(
  path: string,
  { expected, found }: { expected: string; found: string },
  remedy: string
): WorkbenchError {
  return new WorkbenchError(
    'storage/corrupt',
    `${path} is damaged: expected ${expected}, found ${found} (SHA-256). ${remedy}`,
    { path, expected, found }
  )
}

/** What to do about a file that is made again once it is out of the way. */
export const REDONE =
  'Verify the project with repair: it sets the file aside and says what is done anew.'
