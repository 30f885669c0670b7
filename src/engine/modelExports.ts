/** Models of a study as Hugging Face folders, for whoever asks: the command line. */
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import type { MergeKind, Study } from '#shared/records'
import type { ProjectSession } from './projectSession'
import type { RunOptions } from './runContexts'
import { mergeExport, runExport } from './studies/modelExport'
import type { ExportHow } from './studies/modelExport'
import { needsBranchesError, readOnlyError } from './studies/refusals'
import { studyOfOne } from './studies/requestedMixtures'
import type { MixtureRequest } from './studies/requestedMixtures'

/** A run by name or fingerprint, or the merge of a mixture. */
export type ModelRequest = { run: string } | { mixture: MixtureRequest; merge: MergeKind }

/** A model as it was written. */
export interface WrittenModel {
  folder: string
  /** Name of its folder within the project, where no other was asked for. */
  inside: string
  /** Of its weights. */
  files: string[]
  bytes: number
}

/**
 * Writes a model with its tokenizer, a model card, and what it was made of.
 *
 * Nothing is measured: the card tells what is stored. A folder of the user's own must be empty or
 * not there; within the project an earlier export is replaced.
 *
 * @returns where it lies, the names of its weight files, and their bytes
 * @throws WorkbenchError `storage/exists`, `study/invalid`, `run/unknown`, `run/missing`,
 *   `study/from-tables`, `storage/locked` for an export into a project that is open for reading only
 */
export async function exportModel(
  session: ProjectSession,
  study: Study,
  request: ModelRequest,
  how: ExportHow,
  { signal, onProgress }: Pick<RunOptions, 'signal' | 'onProgress'> = {}
): Promise<WrittenModel> {
  if (session.isFromTables) throw needsBranchesError()
  if (how.folder === undefined && session.isReadOnly) throw readOnlyError(session.readOnlyBecause)
  const chosen = how.folder === undefined ? {} : { folder: await freeFolder(how.folder) }
  const asked =
    'mixture' in request && typeof request.mixture !== 'string'
      ? studyOfOne(study, request.mixture)
      : study
  const context = await session.workOn(asked, signal ? { signal } : {})
  const name = (mixture: MixtureRequest) =>
    typeof mixture === 'string' ? mixture : context.plan.mixtures[0]!.name
  const { job, folder } =
    'run' in request
      ? runExport(request.run, context, { ...how, ...chosen })
      : mergeExport(name(request.mixture), request.merge, context, { ...how, ...chosen })
  const written = await context.pool.run('exportModel', job, {
    lane: 'aside',
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {})
  })
  return { folder: chosen.folder ?? join(session.folder, folder), inside: folder, ...written }
}

/** What is written replaces a folder whole: one with anything in it is not taken for that. */
async function freeFolder(path: string): Promise<string> {
  const folder = resolve(path)
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    if (error.code === 'ENOTDIR') return [folder]
    throw error
  })
  if (there.length === 0) return folder
  throw new WorkbenchError(
    'storage/exists',
    `${folder} is there and not empty. Expected a folder that is empty or not there yet, to write the model into.`,
    { folder }
  )
}
