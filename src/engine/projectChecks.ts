/** Checks all files of a project and tells how far it is. */
import { basename } from 'node:path'
import type { Progress } from '#shared/records'
import { ReadMeter, progressOf } from './data/readProgress'
import { checkProject } from './storage/checkProject'
import type { CheckOptions, ProjectCheck } from './storage/checkProject'
import { projectFolder } from './storage/project'

/**
 * Holds every file of a project against its checksum.
 *
 * @param run `repair`: damaged things are set aside within the project, so that the next run redoes them;
 *   `keepEdits`: records that were changed by hand are taken as they are; `redoCurves`: runs that lost their curve
 *   alone are set aside too
 * @throws WorkbenchError as `checkProject` does
 */
export function verifyProject(
  path: string,
  run: Pick<CheckOptions, 'repair' | 'keepEdits' | 'redoCurves' | 'isHeld' | 'signal'> & {
    onProgress?: (progress: Progress) => void
  } = {}
): Promise<ProjectCheck> {
  const { onProgress, ...options } = run
  const label = basename(projectFolder(path))
  let meter = new ReadMeter(0)
  return checkProject(path, {
    ...options,
    onTotal: (bytes) => {
      meter = new ReadMeter(bytes, (one) => onProgress?.(progressOf('verify', label, one)))
    },
    onBytes: (bytes) => meter.addBytes(bytes)
  })
}
