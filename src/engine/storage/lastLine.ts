/** Where the whole lines of a file end. */
import type { FileHandle } from 'node:fs/promises'

/** The byte behind the last newline; 0 where there is none. Reads from the end. */
export async function endOfLastLine(handle: FileHandle): Promise<number> {
  let end = (await handle.stat()).size
  const chunk = Buffer.alloc(1 << 16)
  while (end > 0) {
    const start = Math.max(0, end - chunk.length)
    const { bytesRead } = await handle.read(chunk, 0, end - start, start)
    const newline = chunk.subarray(0, bytesRead).lastIndexOf(10)
    if (newline >= 0) return start + newline + 1
    end = start
  }
  return 0
}
