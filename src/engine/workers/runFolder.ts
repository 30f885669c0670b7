/** What all ways to train leave in a run's folder: its curve, and where its weights came from. */
import { stat } from 'node:fs/promises'
import type { TracePoint } from '#shared/records'
import { LINEAGE_FILE } from '#engine/checkpoints/ancestry'
import { truncateFile } from '#engine/storage/files'
import type { FolderDraft } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { isThere } from '#engine/storage/presence'
import { readText } from '#engine/storage/reading'
import { openLine } from '#engine/storage/seals'
import { readTrace } from '#engine/storage/traces'
import type { TrainJob } from './jobs'

/** Writes beside weights what they started from, where that is known. */
export async function writeLineage(
  draft: FolderDraft,
  { startedFrom, fingerprint, label }: Pick<TrainJob, 'startedFrom' | 'fingerprint' | 'label'>
): Promise<void> {
  if (!startedFrom) return
  const lineage = { run: fingerprint, name: label, startedFrom }
  await draft.writeFile(LINEAGE_FILE, JSON.stringify(lineage, null, 2) + '\n')
}

/** Steps that were traced but not kept by a resume point are trained, and traced, again. */
export async function keepTraceUpTo(
  project: string,
  fingerprint: string,
  completedSteps: number
): Promise<void> {
  const path = projectPaths.trace(project, fingerprint)
  if (!isThere(path)) return
  const lines = (await readText(path)).split('\n')
  let bytes = 0
  for (const line of lines.slice(0, -1)) {
    const opened = openLine(line)
    // What is damaged is trained, and traced, again.
    if (opened.state === 'damaged') break
    if ((opened.value as TracePoint).step > completedSteps) break
    bytes += Buffer.byteLength(line) + 1
  }
  if (bytes < (await stat(path)).size) await truncateFile(path, bytes)
}

/** Mean loss of the last tenth of steps. */
export async function finalLoss(project: string, fingerprint: string): Promise<number | null> {
  const points = await readTrace(project, fingerprint)
  const last = points.slice(-Math.max(1, Math.ceil(points.length / 10)))
  if (last.length === 0) return null
  return last.reduce((sum, point) => sum + point.loss, 0) / last.length
}
