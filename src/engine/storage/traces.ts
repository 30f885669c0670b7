/** Reads the curve of a run. */
import type { TracePoint } from '#shared/records'
import { readLines } from './lines'
import { projectPaths } from './paths'
import { openToRead } from './reading'
import { openLine } from './seals'

/** All points of a run's curve, in the order of steps; empty when it has none yet. */
export async function readTrace(project: string, fingerprint: string): Promise<TracePoint[]> {
  const points: TracePoint[] = []
  for await (const line of readLines(projectPaths.trace(project, fingerprint))) {
    points.push(line as TracePoint)
  }
  return points
}

/** Lines are far shorter: this many bytes of a curve's end hold its last whole one. */
const TAIL_BYTES = 1 << 16

/** The last point of a run's curve, read from its end alone; null when it has none yet. */
export async function lastPoint(project: string, fingerprint: string): Promise<TracePoint | null> {
  const path = projectPaths.trace(project, fingerprint)
  const text = await textBehind(path, (size) => Math.max(0, size - TAIL_BYTES))
  // A last line that is not whole yet is no point.
  const last = text?.split('\n').at(-2)
  const opened = last === undefined ? null : openLine(last)
  // Who reads the whole curve is told of a line that is damaged.
  return opened === null || opened.state === 'damaged' ? null : (opened.value as TracePoint)
}

/**
 * The text of a file from a byte on.
 *
 * @param from where it begins, of so many bytes; null: nowhere
 * @returns null where the file is not there, or it begins nowhere
 */
export async function textBehind(
  path: string,
  from: (size: number) => number | null
): Promise<string | null> {
  const handle = await openToRead(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (!handle) return null
  try {
    const { size } = await handle.stat()
    const begin = from(size)
    if (begin === null) return null
    const bytes = Buffer.alloc(size - begin)
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, begin)
    return bytes.subarray(0, bytesRead).toString('utf8')
  } finally {
    await handle.close()
  }
}
