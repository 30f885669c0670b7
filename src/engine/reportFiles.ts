/** A study's report as one file, HTML or tables for LaTeX, for whoever asks: a screen, the command line. */
import type { Study } from '#shared/records'
import type { ReportForm } from './workers/reportJobs'
import type { ProjectSession } from './projectSession'
import type { DocumentChoice } from './studies/results'
import { assertNoFolder, saveTextFile } from './textFiles'
import { trustOf } from './verifiedDevices'

interface ReportOptions {
  /** Default `html`. */
  form?: ReportForm
  /** Of Assay: the report names it. */
  version: string
  /** Default `all`. */
  documents?: DocumentChoice
}

/**
 * The text of the report; a worker writes it, since its intervals take seconds.
 *
 * @throws WorkbenchError `study/from-tables` for a choice of documents where there are none
 */
export function readReportFile(
  session: ProjectSession,
  study: Study,
  { version, form = 'html', documents = 'all' }: ReportOptions
): Promise<string> {
  return session.reports.file(study, { form, version, documents, trustOf })
}

/**
 * Writes the report into a file, whole or not at all.
 *
 * @returns the file and its bytes
 * @throws WorkbenchError `storage/exists` where a folder has its name, `storage/disk-full`,
 *   `storage/not-writable`, `study/from-tables`
 */
export async function saveReportFile(
  session: ProjectSession,
  study: Study,
  options: ReportOptions & { file: string }
): Promise<{ file: string; bytes: number }> {
  const file = await assertNoFolder(options.file)
  return saveTextFile(file, await readReportFile(session, study, options))
}
