/** The only code that writes, syncs, renames or deletes inside a project. */
import { randomBytes } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DRAFT_MARK, REPLACED_MARK } from './draftNames'
import { FileWriter, PlacedWriter } from './fileWriters'
import { hashFile } from './fingerprint'
import { GrowingFile } from './growingFile'
import { endOfLastLine } from './lastLine'
import { sealedLine, sealedText } from './seals'
import { guarded, storageError, sweptError } from './writeErrors'

export type { FileWriter, PlacedWriter } from './fileWriters'

/** What stands in a folder's files: names, bytes and SHA-256, under a checksum of its own. */
export const SUMS_FILE = 'sums.json'

async function syncFolder(path: string): Promise<void> {
  const handle = await fs.open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFile(path: string): Promise<void> {
  const handle = await fs.open(path, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function draftPath(path: string): string {
  return `${path}${DRAFT_MARK}${randomBytes(6).toString('hex')}`
}

/** Makes a folder and those above it; that they are there is on disk when the promise resolves. */
export async function makeFolder(path: string): Promise<void> {
  const whole = resolve(path)
  await guarded(path, async () => {
    const first = await fs.mkdir(whole, { recursive: true })
    if (first === undefined) return
    for (let made = whole; made.length >= first.length; made = dirname(made)) {
      await syncFolder(dirname(made))
    }
  })
}

/**
 * Writes a whole file so that a reader sees the old one or the new one, never half of it:
 * written aside, synced, renamed, the folder synced.
 *
 * @param tries how often it is written where the draft is swept away
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  tries = 5
): Promise<void> {
  const draft = draftPath(path)
  await guarded(path, async () => {
    try {
      const handle = await fs.open(draft, 'wx')
      try {
        await handle.writeFile(data)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await fs.rename(draft, path)
    } catch (error) {
      // What stays is swept as other drafts are; why it was not written says more.
      await fs.rm(draft, { force: true }).catch(() => undefined)
      if (tries <= 1 || !isDraftSwept(error, path)) throw error
      return writeFileAtomic(path, data, tries - 1)
    }
    await syncFolder(dirname(path))
  })
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** True where who opened the project meanwhile, on another machine maybe, swept a draft away. */
function isDraftSwept(error: unknown, path: string): boolean {
  return isMissing(error) && existsSync(dirname(path))
}

/**
 * Creates a file only where there is none, whole from the first moment it is there: written aside
 * and then given its name, which only one of several processes can.
 *
 * @param tries how often it is written where the draft is swept away
 * @returns false when there is one already
 */
export async function createFileExclusive(path: string, data: string, tries = 5): Promise<boolean> {
  const draft = draftPath(path)
  let isNamed = false
  try {
    await writeFileAtomic(draft, data)
    await giveName(draft, path)
    isNamed = true
    await syncFolder(dirname(path))
    return true
  } catch (error) {
    // Whoever asked does not have it then, and it must not look as if he had.
    if (isNamed) await fs.rm(path, { force: true }).catch(() => undefined)
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    if (tries > 1 && isDraftSwept(error, path)) return createFileExclusive(path, data, tries - 1)
    throw storageError(error, path)
  } finally {
    await fs.rm(draft, { force: true }).catch(() => undefined)
  }
}

/** Links a file to a name that must be free; where there are no links, copies it there. */
async function giveName(draft: string, path: string): Promise<void> {
  try {
    await fs.link(draft, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // A network may lose the answer and ask again: then the first time did it.
    if (code === 'EEXIST' && (await fs.stat(draft)).nlink === 2) return
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(code ?? '')) throw error
    await fs.copyFile(draft, path, constants.COPYFILE_EXCL)
    await syncFile(path)
  }
}

/** Begins a file that is not there yet. */
export async function openWriter(path: string): Promise<FileWriter> {
  return new FileWriter(path, await guarded(path, () => fs.open(path, 'wx')))
}

/**
 * A folder written aside and renamed whole, so that it is there complete or not at all.
 *
 * @example const draft = await FolderDraft.begin(target); … ; await draft.commit()
 */
export class FolderDraft {
  readonly target: string
  /** Where the files lie until `commit`. */
  readonly path: string
  readonly #open = new Set<{ abandon(): Promise<void> }>()
  /** Its files, with how many bytes each must have when it is made real. */
  readonly #files = new Map<string, FileWriter | PlacedWriter | { bytes: number }>()
  /** Folders in it, each behind the one it lies in. */
  readonly #folders = new Set<string>()

  private constructor(target: string, path: string) {
    this.target = target
    this.path = path
  }

  /** Begins a draft beside the target. */
  static async begin(target: string): Promise<FolderDraft> {
    await makeFolder(dirname(target))
    const path = draftPath(target)
    await guarded(path, () => fs.mkdir(path))
    return new FolderDraft(target, path)
  }

  /**
   * Opens a file of the draft for writing; close it before `commit`.
   *
   * @throws WorkbenchError `storage/swept` where the draft was removed meanwhile: begun anew it would lack files
   */
  async create(name: string): Promise<FileWriter> {
    const writer = await this.#inPlace(name, openWriter)
    this.#open.add(writer)
    this.#files.set(name, writer)
    return writer
  }

  /** Opens a file of the draft to be written at places; close it before `commit`. */
  async createPlaced(name: string): Promise<PlacedWriter> {
    return this.#inPlace(name, async (path) => {
      const handle = await guarded(path, () => fs.open(path, 'wx'))
      this.#open.add({ abandon: () => handle.close().catch(() => undefined) })
      const writer = new PlacedWriter({ path, handle })
      this.#files.set(name, writer)
      return writer
    })
  }

  /** Makes the folders of a file within the draft, never the draft itself, and then the file. */
  async #inPlace<Made>(name: string, make: (path: string) => Promise<Made>): Promise<Made> {
    try {
      const parts = name.split('/').slice(0, -1)
      for (const [index] of parts.entries()) {
        const folder = join(this.path, ...parts.slice(0, index + 1))
        if (this.#folders.has(folder)) continue
        await guarded(folder, () => fs.mkdir(folder))
        this.#folders.add(folder)
      }
      return await make(join(this.path, name))
    } catch (error) {
      if (isMissing(error) && !existsSync(this.path)) throw sweptError(this.target, name)
      throw error
    }
  }

  /** Writes one whole file of the draft. */
  async writeFile(
    name: string,
    data: string | Uint8Array
  ): Promise<{ bytes: number; sha256: string }> {
    const writer = await this.create(name)
    await writer.write(typeof data === 'string' ? Buffer.from(data) : data)
    return writer.close()
  }

  /** Copies a file into the draft, synced. */
  async copyFile(source: string, name: string): Promise<void> {
    const bytes = await this.#inPlace(name, (path) =>
      guarded(path, async () => {
        // A file system that can share the bytes of two files does.
        await fs.copyFile(source, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
        await syncFile(path)
        return (await fs.stat(path)).size
      })
    )
    this.#files.set(name, { bytes })
  }

  /** Removes a file that is not to be there when the folder is made real. */
  async remove(name: string): Promise<void> {
    this.#files.delete(name)
    await removeTree(join(this.path, name))
  }

  /**
   * Writes down the hashes of all files that are there so far.
   *
   * @throws WorkbenchError `storage/swept` where one was removed by somebody else
   */
  async seal(): Promise<void> {
    await this.#assertWhole()
    const files = []
    for (const [name, file] of this.#files) {
      const known = file instanceof FileWriter ? file.sha256 : null
      const sha256 = known ?? (await hashFile(join(this.path, name)))
      files.push({ name, bytes: file.bytes, sha256 })
    }
    files.sort((a, b) => (a.name < b.name ? -1 : 1))
    await this.writeFile(SUMS_FILE, sealedText({ format: 'assay-sums', version: 1, files }, 1))
  }

  /** Holds what is there against what was written: whoever takes a draft for a dead process's removes it. */
  async #assertWhole(): Promise<void> {
    for (const [name, { bytes }] of this.#files) {
      const found = await fs.stat(join(this.path, name)).catch((error: unknown) => {
        if (isMissing(error)) throw sweptError(this.target, name)
        throw storageError(error, this.target)
      })
      if (found.size !== bytes) throw sweptError(this.target, name)
    }
  }

  /**
   * Makes the folder real. An existing target is replaced only when `replace` is given; else the
   * draft is dropped, since a folder named by its content's fingerprint cannot differ.
   *
   * @param options `target`: another folder beside the first, for content whose fingerprint is
   *   known only once it is written
   * @returns `there` when the draft was dropped for what was there
   * @throws WorkbenchError `storage/swept` where a file of it is not there with its bytes; the target stays
   */
  async commit(options: { replace?: boolean; target?: string } = {}): Promise<'made' | 'there'> {
    const target = options.target ?? this.target
    return guarded(target, async () => {
      await this.#assertWhole()
      for (const folder of [...this.#folders].reverse()) await syncFolder(folder)
      await syncFolder(this.path)
      if (existsSync(target)) {
        if (!options.replace) {
          await this.discard()
          return 'there'
        }
        const old = `${target}${REPLACED_MARK}${randomBytes(6).toString('hex')}`
        await fs.rename(target, old)
        try {
          await fs.rename(this.path, target)
        } catch (error) {
          await fs.rename(old, target)
          throw error
        }
        await syncFolder(dirname(target))
        await fs.rm(old, { recursive: true, force: true })
        return 'made'
      }
      await fs.rename(this.path, target)
      await syncFolder(dirname(target))
      return 'made'
    })
  }

  /** Removes the draft and everything in it; what cannot be removed now is swept as other drafts are. */
  async discard(): Promise<void> {
    for (const writer of this.#open) await writer.abandon()
    await fs.rm(this.path, { recursive: true, force: true }).catch(() => undefined)
  }
}

/**
 * Writes a folder aside and renames it whole, in place of one that is there.
 *
 * @param write fills the draft; when it fails nothing is left of it
 */
export async function writeFolder(
  target: string,
  write: (draft: FolderDraft) => Promise<void>
): Promise<void> {
  const draft = await FolderDraft.begin(target)
  try {
    await write(draft)
    await draft.commit({ replace: true })
  } catch (error) {
    await draft.discard()
    throw error
  }
}

/** A handle stays open with what is made of it; where that fails it is closed. */
async function keptOpen<Made>(
  handle: fs.FileHandle,
  make: (handle: fs.FileHandle) => Promise<Made>
): Promise<Made> {
  try {
    return await make(handle)
  } catch (error) {
    await handle.close().catch(() => undefined)
    throw error
  }
}

/** Opens a file that only grows; it is made where it is not there. */
export function openGrowing(path: string): Promise<GrowingFile> {
  return openAtEnd(path, (handle) => Promise.resolve(new GrowingFile(path, handle)))
}

/** @param make of the handle what stays open with it */
async function openAtEnd<Made>(
  path: string,
  make: (handle: fs.FileHandle) => Promise<Made>
): Promise<Made> {
  await makeFolder(dirname(path))
  return guarded(path, async () => {
    const isNew = !existsSync(path)
    return keptOpen(await fs.open(path, 'a+'), async (handle) => {
      if (isNew) await syncFolder(dirname(path))
      return make(handle)
    })
  })
}

/** A file of lines that only grows. A torn last line is dropped by `readLines`. */
export class LineLog {
  readonly #file: GrowingFile

  private constructor(file: GrowingFile) {
    this.#file = file
  }

  /**
   * Opens for appending; a last line without its newline is cut off first, so that the next
   * append cannot be glued to it.
   */
  static open(path: string): Promise<LineLog> {
    return openAtEnd(path, async (handle) => {
      const end = await endOfLastLine(handle)
      if (end < (await handle.stat()).size) await handle.truncate(end)
      return new LineLog(new GrowingFile(path, handle))
    })
  }

  /** Appends records as JSON lines, each with its checksum; on disk when the promise resolves. */
  async append(records: readonly object[]): Promise<void> {
    if (records.length === 0) return
    const text = records.map((record) => sealedLine(record) + '\n').join('')
    await this.#file.append(Buffer.from(text))
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Removes a folder so that it is there whole or not at all: what is left of it is a draft. */
export async function removeWhole(path: string): Promise<void> {
  const leaving = draftPath(path)
  await guarded(path, () => fs.rename(path, leaving))
  await removeTree(leaving)
}

/** Removes a file or a folder with all in it; nothing happens where there is none. */
export async function removeTree(path: string): Promise<void> {
  await guarded(path, () => fs.rm(path, { recursive: true, force: true }))
}

/** Cuts a file to a length in bytes. */
export async function truncateFile(path: string, bytes: number): Promise<void> {
  await guarded(path, () => fs.truncate(path, bytes))
}

/** Moves a file or a folder, making the folders above its new place. */
export async function moveAside(path: string, target: string): Promise<void> {
  await makeFolder(dirname(target))
  await guarded(path, () => fs.rename(path, target))
  await syncFolder(dirname(target))
  await syncFolder(dirname(path))
}

/** Bytes a process of this user may still write on the disk that holds `path`. */
export async function freeBytes(path: string): Promise<number> {
  const stats = await fs.statfs(path)
  return stats.bavail * stats.bsize
}
