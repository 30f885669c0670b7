/** Imports text into the project's `corpora/`. */
import { importCorpus } from '#engine/data/importCorpus'
import { projectPaths } from '#engine/storage/paths'
import type { Corpus } from '#shared/records'
import type { ImportJob, JobHooks } from './jobs'

/** Reads, tells apart and stores documents; see `importCorpus`. */
export function importText(job: ImportJob, hooks: JobHooks): Promise<Corpus> {
  const { project, ...request } = job
  return importCorpus(request, projectPaths.corpora(project), hooks)
}
