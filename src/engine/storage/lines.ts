/** Files of JSON lines, read line by line or by the chunk. */
import { isThere } from './presence'
import { openToRead } from './reading'
import { REDONE, damagedError, openLine } from './seals'

/**
 * Reads a file of JSON lines. Lines of earlier versions have no checksum and are taken as they are; a
 * torn last one is left out.
 *
 * @throws WorkbenchError `storage/corrupt` naming the line that is not what was written
 */
export async function* readLines(path: string): AsyncGenerator<unknown> {
  for await (const line of linesOf(path)) {
    const opened = openWhole(path, line)
    if (opened) yield opened.value
  }
}

/**
 * What a line holds.
 *
 * @returns null for a torn last one
 * @throws WorkbenchError `storage/corrupt` naming the line
 */
export function openWhole(
  path: string,
  { text, number, isWhole }: FileLine
): { value: unknown } | null {
  const opened = openLine(text)
  if (opened.state !== 'damaged') return opened
  if (isWhole) throw damagedError(`${path}, line ${number},`, opened, REDONE)
  return null
}

/** A line of a file; `isWhole`: it ends with its newline. */
export interface FileLine {
  text: string
  /** From 1. */
  number: number
  isWhole: boolean
}

/** Lines of a file that are not empty; none where it is not there. */
export async function* linesOf(path: string): AsyncGenerator<FileLine> {
  for await (const chunk of chunksOfLines(path)) yield* chunk
}

const CHUNK_BYTES = 1 << 20

/** The same, some thousand at a time: waiting for each line takes longer than reading it. */
export async function* chunksOfLines(path: string): AsyncGenerator<FileLine[]> {
  if (!isThere(path)) return
  const stream = (await openToRead(path)).createReadStream({
    encoding: 'utf8',
    highWaterMark: CHUNK_BYTES
  })
  let rest = ''
  let number = 0
  for await (const chunk of stream as AsyncIterable<string>) {
    const texts = (rest + chunk).split('\n')
    rest = texts.pop()!
    const lines: FileLine[] = []
    for (const text of texts) {
      number++
      if (text !== '') lines.push({ text, number, isWhole: true })
    }
    yield lines
  }
  if (rest !== '') yield [{ text: rest, number: number + 1, isWhole: false }]
}
