/** Reads the curve of a run. */
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
