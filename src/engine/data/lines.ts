/** Lines of a byte stream. */
import { WorkbenchError } from '#shared/errors'
import { LARGEST_WHOLE } from './byteStream'

export interface Line {
  /** Without its newline. Valid until the next line is asked for. */
  bytes: Buffer
  /** Counted from 1. */
  number: number
  /** Where it begins in the decompressed file. */
  offset: number
}

/**
 * Splits chunks at newlines without decoding them, so that no character is cut at a chunk's edge
 * and a line of many megabytes is put together once, not once per chunk.
 *
 * @param path for errors
 * @throws WorkbenchError `corpus/unreadable` for a line that no string can hold
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  path: string
): AsyncGenerator<Line> {
  let pending: Buffer[] = []
  let pendingBytes = 0
  let number = 0
  let offset = 0
  for await (const chunk of chunks) {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(10, start)
      if (end < 0) break
      const last = chunk.subarray(start, end)
      const bytes = pendingBytes > 0 ? Buffer.concat([...pending, last]) : last
      number += 1
      yield { bytes, number, offset }
      offset += bytes.length + 1
      pending = []
      pendingBytes = 0
      start = end + 1
    }
    if (start < chunk.length) {
      pending.push(chunk.subarray(start))
      pendingBytes += chunk.length - start
      if (pendingBytes > LARGEST_WHOLE) throw tooLong(path, number + 1)
    }
  }
  if (pendingBytes > 0) yield { bytes: Buffer.concat(pending), number: number + 1, offset }
}

function tooLong(path: string, line: number): WorkbenchError {
  return new WorkbenchError(
    'corpus/unreadable',
    `${path}, line ${line} is longer than ${LARGEST_WHOLE / 1e6} MB. Expected one record per line; ` +
      `leave the line out, or cut its text into several records.`,
    { file: path, line, most: LARGEST_WHOLE }
  )
}
