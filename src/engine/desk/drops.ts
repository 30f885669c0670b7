/** Files that a screen hands over before they are imported: streamed in pieces, or by path. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { WorkbenchError, fromPlain, toPlain } from '#shared/errors'
import type { ErrorDetails } from '#shared/errors'
import { freeBytes, makeFolder, openWriter, removeTree } from '../storage/files'
import type { FileWriter } from '../storage/files'
import { projectPaths } from '../storage/paths'

interface StagedFile {
  path: string
  bytes: number
  writer: FileWriter | null
  /** True when all of it is on the disk. */
  isThere: boolean
  /** Pieces follow one another. */
  writing: Promise<void>
}

interface Drop {
  /** What an import is given: the top files and folders. */
  paths: string[]
  /** Files that are streamed here; empty where the paths are somebody's own. */
  files: StagedFile[]
  /** Where streamed files lie; null where there are none. */
  folder: string | null
  /** So many things read it now; one let go of meanwhile is discarded after them. */
  users: number
  isDiscarded: boolean
}

/** So much of the disk stays free when files are streamed to it, in bytes. */
const SPARED_BYTES = 500_000_000

/** What was dropped on one project and is not imported yet. Streamed files lie in its cache. */
export class Drops {
  readonly #project: string
  readonly #drops = new Map<string, Drop>()

  constructor(project: string) {
    this.#project = project
  }

  /** Removes what a process that died left behind. */
  async sweep(): Promise<void> {
    const folder = projectPaths.drops(this.#project)
    if (existsSync(folder)) await removeTree(folder)
  }

  /**
   * Begins a drop of files that will be streamed.
   *
   * @param files paths below what was dropped, `/` between folders
   * @throws WorkbenchError `usage/invalid` for a path that leads elsewhere; `storage/disk-full`
   *   when there is no room for all of them
   */
  async begin(files: readonly { path: string; bytes: number }[]): Promise<string> {
    const total = files.reduce((sum, file) => sum + file.bytes, 0)
    const free = await freeBytes(this.#project)
    if (total + SPARED_BYTES > free) {
      throw new WorkbenchError(
        'storage/disk-full',
        `The dropped files take ${inGigabytes(total)} and the disk has ${inGigabytes(free)} free. Make room, or import them on the command line, which can leave text where it lies.`,
        { needed: total, free }
      )
    }
    const id = randomBytes(8).toString('hex')
    const folder = projectPaths.drop(this.#project, id)
    const staged = files.map(({ path, bytes }) => ({ path: safePath(folder, path), bytes }))
    const drop: Drop = {
      paths: [...new Set(files.map(({ path }) => join(folder, path.split('/')[0]!)))],
      files: staged.map((file) => ({
        ...file,
        writer: null,
        isThere: file.bytes === 0,
        writing: Promise.resolve()
      })),
      folder,
      users: 0,
      isDiscarded: false
    }
    this.#drops.set(id, drop)
    for (const file of drop.files) {
      await makeFolder(dirname(file.path))
      if (file.bytes === 0) await (await openWriter(file.path)).close()
    }
    return id
  }

  /** A drop of files that lie on this machine already and are read where they are. */
  adopt(paths: string[]): string {
    const id = randomBytes(8).toString('hex')
    this.#drops.set(id, { paths, files: [], folder: null, users: 0, isDiscarded: false })
    return id
  }

  /**
   * Appends the next piece of a file.
   *
   * @throws WorkbenchError `corpus/incomplete` when it is longer than was said
   */
  async add(id: string, index: number, piece: Uint8Array): Promise<void> {
    const file = this.#find(id).files[index]
    if (!file) throw unknownDrop(id)
    const adding = file.writing.then(() => addPiece(file, piece))
    file.writing = adding.catch(() => undefined)
    await adding
  }

  /**
   * Files and folders to import, all there, and what they are called.
   *
   * @throws WorkbenchError `corpus/incomplete` while pieces are missing; `project/unknown` when
   *   there is no such drop
   */
  sources(id: string): { paths: string[]; source: string } {
    const drop = this.#find(id)
    const missing = drop.files.filter((file) => !file.isThere)
    if (missing.length > 0) {
      throw new WorkbenchError(
        'corpus/incomplete',
        `${missing.length} of ${drop.files.length} dropped files are not here yet. Wait for them, or drop them again.`
      )
    }
    return { paths: drop.paths, source: drop.paths.map((path) => this.label(id, path)).join(', ') }
  }

  /** A path as the one who dropped it knows it. */
  label(id: string, path: string): string {
    const { folder } = this.#find(id)
    return folder && path.startsWith(folder) ? path.slice(folder.length + 1) : path
  }

  /**
   * True where a path was dropped, or lies in what was: nothing else on this machine is anybody's who
   * streams files to it. Files that were adopted are their owner's, who may name others.
   */
  isOurs(id: string, path: string): boolean {
    const { folder } = this.#find(id)
    return folder === null || path === folder || path.startsWith(`${folder}${sep}`)
  }

  /** Reads a drop, which stays as long; what the work fails of names files as they were dropped. */
  async using<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
    const drop = this.#find(id)
    drop.users += 1
    try {
      return await work()
    } catch (error) {
      throw this.inWords(id, error)
    } finally {
      drop.users -= 1
      if (drop.isDiscarded) await this.discard(id)
    }
  }

  /** An error with the paths of dropped files as the one who dropped them knows them. */
  inWords(id: string, error: unknown): unknown {
    const folder = this.#drops.get(id)?.folder
    const plain = toPlain(error)
    if (!folder || plain.code === 'bug') return error
    const known = <Value>(value: Value) =>
      typeof value === 'string' ? this.knownText(id, value) : value
    const details = Object.entries(plain.details).map(([name, value]) => [name, known(value)])
    return fromPlain({
      ...plain,
      message: known(plain.message),
      details: Object.fromEntries(details) as ErrorDetails
    })
  }

  /** A text with the paths of dropped files as the one who dropped them knows them. */
  knownText(id: string, text: string): string {
    const folder = this.#drops.get(id)?.folder
    return folder ? text.replaceAll(`${folder}${sep}`, '') : text
  }

  async discard(id: string): Promise<void> {
    const drop = this.#drops.get(id)
    if (!drop) return
    drop.isDiscarded = true
    if (drop.users > 0) return
    this.#drops.delete(id)
    for (const { writer, isThere, writing } of drop.files) {
      await writing
      if (writer && !isThere) await writer.abandon()
    }
    if (drop.folder) await removeTree(drop.folder)
  }

  async discardAll(): Promise<void> {
    for (const id of [...this.#drops.keys()]) await this.discard(id)
  }

  #find(id: string): Drop {
    const drop = this.#drops.get(id)
    if (!drop) throw unknownDrop(id)
    return drop
  }
}

async function addPiece(file: StagedFile, piece: Uint8Array): Promise<void> {
  const came = (file.isThere ? file.bytes : (file.writer?.bytes ?? 0)) + piece.byteLength
  // Looked at before it is written: what was not announced takes no room on the disk.
  if (came > file.bytes) {
    throw new WorkbenchError(
      'corpus/incomplete',
      `${file.path} grew while it was read: ${file.bytes} bytes were announced, ${came} came. Drop it again.`
    )
  }
  if (file.isThere) return
  file.writer ??= await openWriter(file.path)
  await file.writer.write(piece)
  if (file.writer.bytes < file.bytes) return
  await file.writer.close()
  file.isThere = true
}

function unknownDrop(id: string): WorkbenchError {
  return new WorkbenchError(
    'project/unknown',
    'What was dropped is not here any more. Drop the files again.',
    { drop: id }
  )
}

/** The place of a dropped file; a name that leads out of its folder is refused. */
function safePath(folder: string, path: string): string {
  const parts = path.split('/')
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..')
  if (!isPlain || path.includes('\0') || path.includes('\\')) {
    throw new WorkbenchError('usage/invalid', `"${path}" is no path of a dropped file.`, { path })
  }
  return join(folder, ...parts)
}

function inGigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
