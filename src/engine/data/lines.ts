/** Lines of a byte stream. */

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
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
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
    }
  }
  if (pendingBytes > 0) yield { bytes: Buffer.concat(pending), number: number + 1, offset }
}
