/** Reads the curve of a run. */
import { open } from 'node:fs/promises'
import type { TracePoint } from '#shared/records'
import { readLines } from './measurements'
import { projectPaths } from './paths'

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
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (!handle) return null
  try {
    const { size } = await handle.stat()
    const from = Math.max(0, size - TAIL_BYTES)
    const bytes = Buffer.alloc(size - from)
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from)
    // A last line that is not whole yet is no point.
    const last = bytes.subarray(0, bytesRead).toString('utf8').split('\n').at(-2)
    return last === undefined ? null : (JSON.parse(last) as TracePoint)
  } finally {
    await handle.close()
  }
}
