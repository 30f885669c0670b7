/** From a mixture of a plan to the job that writes its merge as a model. */
import { join } from 'node:path'
import type { MergeKind } from '#shared/records'
import { folderName } from '#engine/storage/folderName'
import { projectPaths } from '#engine/storage/paths'
import type { ExportJob } from '#engine/workers/jobs'
import { assertTrained, partOf } from './evaluateMixtures'
import { mergeBranches } from './plannedMerges'
import type { RunContext } from './runContext'

/**
 * What a worker needs to write the merge of a mixture.
 *
 * @param merge how its branches are weighted
 * @returns the job, and its folder's name within the project
 * @throws WorkbenchError `study/invalid` for a mixture that is not there, `run/missing`
 */
export function exportOf(
  mixture: string,
  merge: MergeKind,
  { project, study, prepared, plan }: RunContext
): { job: ExportJob; folder: string } {
  const { mixtures, branches: runs } = partOf(plan, [mixture])
  const one = mixtures[0]!
  assertTrained(runs, project.folder)
  const branchOf = new Map(runs.map((run) => [run.name, run.fingerprint]))
  const branches = mergeBranches(one, merge, branchOf)
  const folder = `exports/${folderName(study.name)}/${folderName(one.name)}-${merge}`
  const { fingerprint, endOfTextId } = prepared.tokenizer
  return {
    folder,
    job: {
      project: project.folder,
      folder: join(project.folder, folder),
      label: `merge-${merge} ${one.name}`,
      config: plan.config,
      branches,
      tokenizerFile: projectPaths.tokenizer(project.folder, fingerprint),
      endOfTextId,
      origin: {
        study: study.name,
        mixture: one.name,
        merge,
        members: one.members,
        branches: branches.map((branch, i) => ({ unit: one.units[i]!.unit, ...branch }))
      }
    }
  }
}
