/** Copies a project and tells how far it is. */
import { basename } from 'node:path'
import type { Progress } from '#shared/records'
import { ReadMeter, progressOf } from './data/readProgress'
import { copyProject } from './storage/copyProject'
import type { CopyOptions } from './storage/copyProject'
import type { Project } from './storage/project'

/** @throws WorkbenchError as `copyProject` does */
export function copyWithProgress(
  project: Project,
  folder: string,
  kind: CopyOptions['kind'],
  run: { onProgress?: (progress: Progress) => void; signal?: AbortSignal }
): Promise<{ files: number; bytes: number }> {
  const { onProgress, signal } = run
  let meter = new ReadMeter(0)
  return copyProject(project.folder, folder, {
    records: project.recordsFor(kind),
    kind,
    onTotal: (bytes) => {
      meter = new ReadMeter(bytes, (one) => onProgress?.(progressOf('copy', basename(folder), one)))
    },
    onBytes: (bytes) => meter.addBytes(bytes),
    ...(signal ? { signal } : {})
  })
}
