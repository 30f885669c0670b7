/** A copy of a project: all of it, or a bundle of its results. */
import { existsSync } from 'node:fs'
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import { FolderDraft, freeBytes } from './files'
import { BEFORE_FILE, PROJECT_FILE } from './paths'

export interface CopyOptions {
  /** The records that the copy gets. */
  records: string
  /** `bundle`: neither checkpoints, nor text, nor what is trained on. */
  kind: 'whole' | 'bundle'
  /** Told of each file, with its bytes. */
  onBytes?: (bytes: number) => void
  /** Told before anything is copied. */
  onTotal?: (bytes: number) => void
  signal?: AbortSignal
}

/** What belongs to the process that has the project open or to a cluster, is made anew, or was set aside. */
const LEFT_OUT = [
  /^lock\.json/,
  /^runs\/[^/]+\/claim\.json/,
  /^cluster(\/|$)/,
  /^damaged(\/|$)/,
  // The records that the copy gets have them.
  /^heads\.jsonl$/,
  /^cache\/drops(\/|$)/,
  /\.(draft|replaced)-[0-9a-f]{12}(\/|$)/
]

/** What only training needs, and records that a bundle is no copy of. */
const NO_RESULT = [
  new RegExp(`^${BEFORE_FILE}$`),
  /^outcomes(\/|$)/,
  /^corpora(\/|$)/,
  /^runs\/[^/]+\/(checkpoint|earlier|resume|command)(\/|$)/,
  /^(exports|seeds)\/.*\.safetensors$/
]

/**
 * Copies a project into a folder that is not there yet; it is there whole or not at all.
 *
 * A bundle holds measurements, curves, tokenizers and held-out tokens, so that every table and
 * figure can be made from it; it is marked so that nobody tries to run it.
 *
 * @returns files and bytes of the copy
 * @throws WorkbenchError `storage/exists`, `storage/disk-full`; whatever aborted the signal
 */
export async function copyProject(
  from: string,
  to: string,
  options: CopyOptions
): Promise<{ files: number; bytes: number }> {
  if (existsSync(to)) throw thereAlready(to)
  const files = await filesOf(from, options.kind)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  options.onTotal?.(bytes)
  const draft = await FolderDraft.begin(to)
  try {
    await assertRoom(draft.path, bytes)
    for (const file of files) {
      options.signal?.throwIfAborted()
      await draft.copyFile(join(from, file.name), file.name)
      options.onBytes?.(file.bytes)
    }
    await draft.writeFile(PROJECT_FILE, options.records)
    // Somebody may have put something there while this was copied.
    if ((await draft.commit()) === 'there') throw thereAlready(to)
  } catch (error) {
    await draft.discard()
    throw error
  }
  return { files: files.length + 1, bytes }
}

function thereAlready(folder: string): WorkbenchError {
  return new WorkbenchError(
    'storage/exists',
    `${folder} is there already. Give the copy another name.`,
    { folder }
  )
}

/** What a running study swaps for its successor is gone between two looks: then it looks again. */
async function entriesOf(folder: string, tries = 5): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true, recursive: true })
  } catch (error) {
    if (tries <= 1 || !isMissing(error)) throw error
    return entriesOf(folder, tries - 1)
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

async function filesOf(
  from: string,
  kind: CopyOptions['kind']
): Promise<{ name: string; bytes: number }[]> {
  const entries = await entriesOf(from)
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(from, join(entry.parentPath, entry.name)))
  const isResult = (name: string) =>
    !NO_RESULT.some((pattern) => pattern.test(name)) && !isTrainingShard(from, name)
  const wanted = names.filter(
    (name) =>
      name !== PROJECT_FILE &&
      !LEFT_OUT.some((pattern) => pattern.test(name)) &&
      (kind === 'whole' || isResult(name))
  )
  return Promise.all(
    wanted
      .sort(inCopyOrder)
      .map(async (name) => ({ name, bytes: (await stat(join(from, name))).size }))
  )
}

/** Lines before what they name, which is written before them: a study may be running. */
function inCopyOrder(a: string, b: string): number {
  const isNamed = (name: string) => name === 'measurements.f64'
  return Number(isNamed(a)) - Number(isNamed(b)) || (a < b ? -1 : 1)
}

/** Token folders of held-out domains tell of their documents; those of training text do not. */
function isTrainingShard(from: string, name: string): boolean {
  const folder = /^tokens\/[^/]+/.exec(name)?.[0]
  return folder !== undefined && !existsSync(join(from, folder, 'documents.json'))
}

async function assertRoom(folder: string, bytes: number): Promise<void> {
  const free = await freeBytes(folder)
  if (bytes <= free) return
  throw new WorkbenchError(
    'storage/disk-full',
    `The copy takes ${(bytes / 1e9).toFixed(2)} GB and the disk has ${(free / 1e9).toFixed(2)} GB free. Make room, or copy to another disk.`,
    { needed: bytes, free }
  )
}
