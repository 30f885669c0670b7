/** Prepares a study's text inside the project. */
import { prepareText } from '#engine/data/prepareText'
import type { Prepared } from '#shared/records'
import type { JobHooks, PrepareJob } from './jobs'

/** Tokenises, holds out and cuts; see `prepareText`. */
export function prepare(job: PrepareJob, hooks: JobHooks): Promise<Prepared> {
  return prepareText(
    {
      projectFolder: job.project,
      study: job.study,
      corpora: job.corpora,
      tokenizerFile: job.tokenizerFile
    },
    hooks
  )
}
