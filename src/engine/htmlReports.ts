/** A study's report as one HTML file, for whoever asks: a screen, the command line. */
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import type { Study } from '#shared/records'
import type { ProjectSession } from './projectSession'
import { makeFolder, writeFileAtomic } from './storage/files'
import type { DocumentChoice } from './studies/results'
import { trustOf } from './verifiedDevices'

interface ReportOptions {
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
export function readHtmlReport(
  session: ProjectSession,
  study: Study,
  { version, documents = 'all' }: ReportOptions
): Promise<string> {
  return session.reports.html(study, { version, documents, trustOf })
}

/**
 * Writes the report into a file, whole or not at all.
 *
 * @returns the file and its bytes
 * @throws WorkbenchError `storage/exists` where a folder has its name, `storage/disk-full`,
 *   `storage/not-writable`, `study/from-tables`
 */
export async function saveHtmlReport(
  session: ProjectSession,
  study: Study,
  options: ReportOptions & { file: string }
): Promise<{ file: string; bytes: number }> {
  return writeReport(options.file, await readHtmlReport(session, study, options))
}

/**
 * Writes the text of a report into a file, whole or not at all.
 *
 * @returns the file and its bytes
 * @throws WorkbenchError `storage/exists` where a folder has its name, `storage/disk-full`,
 *   `storage/not-writable`
 */
export async function writeReport(
  path: string,
  text: string
): Promise<{ file: string; bytes: number }> {
  const file = resolve(path)
  const there = await stat(file).catch(() => null)
  if (there?.isDirectory()) {
    throw new WorkbenchError(
      'storage/exists',
      `${file} is a folder. Expected the name of a file to write the report to; add one.`,
      { path: file }
    )
  }
  const html = Buffer.from(text)
  await makeFolder(dirname(file))
  await writeFileAtomic(file, html)
  return { file, bytes: html.length }
}
