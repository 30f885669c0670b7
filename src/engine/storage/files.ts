/** The only code that writes, syncs, renames or deletes inside a project. */
import { createHash, randomBytes } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DRAFT_MARK, REPLACED_MARK } from './draftNames'
import { hashFile } from './fingerprint'
import { GrowingFile } from './growingFile'
import { endOfLastLine } from './lastLine'
import { sealedLine, sealedText } from './seals'
import { guarded, storageError } from './writeErrors'

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

function draftPath(path: string): string {
  return `${path}${DRAFT_MARK}${randomBytes(6).toString('hex')}`
}

/** Makes a folder and those above it. */
export async function makeFolder(path: string): Promise<void> {
  await guarded(path, () => fs.mkdir(path, { recursive: true }))
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

/** True where who opened the project meanwhile, on another machine maybe, swept a draft away. */
function isDraftSwept(error: unknown, path: string): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT' && existsSync(dirname(path))
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
  }
}

/** Writes all bytes: from where the file stands, or from a place on. */
async function writeAll(file: fs.FileHandle, data: Uint8Array, at?: number): Promise<void> {
  for (let done = 0; done < data.byteLength;) {
    const place = at === undefined ? null : at + done
    done += (await file.write(data, done, undefined, place)).bytesWritten
  }
}

/** Begins a file that is not there yet. */
export async function openWriter(path: string): Promise<FileWriter> {
  return new FileWriter(path, await guarded(path, () => fs.open(path, 'wx')))
}

/** A file being written from front to back. */
export class FileWriter {
  readonly path: string
  readonly #handle: fs.FileHandle
  readonly #hash = createHash('sha256')
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  /** Bytes written so far. */
  bytes = 0
  /** SHA-256 of all of them; null until the file is closed. */
  sha256: string | null = null

  constructor(path: string, handle: fs.FileHandle) {
    this.path = path
    this.#handle = handle
  }

  /** Appends bytes; small pieces are gathered into writes of a megabyte. The bytes are copied. */
  async write(data: Uint8Array): Promise<void> {
    if (data.byteLength === 0) return
    this.#hash.update(data)
    this.bytes += data.byteLength
    this.#pending.push(data.byteLength < 1 << 16 ? Uint8Array.from(data) : Buffer.from(data))
    this.#pendingBytes += data.byteLength
    if (this.#pendingBytes >= 1 << 20) await this.#flush()
  }

  async #flush(): Promise<void> {
    if (this.#pendingBytes === 0) return
    const chunk = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    await guarded(this.path, () => writeAll(this.#handle, chunk))
  }

  /** Syncs and closes; returns what a manifest records. */
  async close(): Promise<{ bytes: number; sha256: string }> {
    try {
      await this.#flush()
      await guarded(this.path, () => this.#handle.sync())
    } finally {
      await this.#handle.close()
    }
    this.sha256 = this.#hash.digest('hex')
    return { bytes: this.bytes, sha256: this.sha256 }
  }

  /** Closes without keeping what is unwritten. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => undefined)
  }
}

/**
 * A file written at places, out of memory that the caller leaves alone until a write is done. It is
 * synced as it grows: a disk that begins at the end takes as long again.
 */
export class PlacedWriter {
  static readonly #SYNC_EVERY_BYTES = 1 << 27
  #unsynced = 0
  #syncing: Promise<void> = Promise.resolve()

  constructor(readonly file: { path: string; handle: fs.FileHandle }) {}

  async write(data: Uint8Array, position: number): Promise<void> {
    const { path, handle } = this.file
    await guarded(path, () => writeAll(handle, data, position))
    this.#unsynced += data.byteLength
    if (this.#unsynced < PlacedWriter.#SYNC_EVERY_BYTES) return
    this.#unsynced = 0
    this.#syncing = this.#syncing.then(() => handle.datasync())
    this.#syncing.catch(() => undefined)
  }

  /** Syncs and closes. */
  close(): Promise<void> {
    const { path, handle } = this.file
    return guarded(path, () =>
      this.#syncing.then(() => handle.sync()).finally(() => handle.close())
    )
  }
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
  readonly #written = new Map<string, FileWriter>()
  readonly #copied: string[] = []

  private constructor(target: string, path: string) {
    this.target = target
    this.path = path
  }

  /** Begins a draft beside the target. */
  static async begin(target: string): Promise<FolderDraft> {
    await makeFolder(dirname(target))
    const path = draftPath(target)
    await makeFolder(path)
    return new FolderDraft(target, path)
  }

  /** Opens a file of the draft for writing; close it before `commit`. */
  async create(name: string): Promise<FileWriter> {
    const path = join(this.path, name)
    await makeFolder(dirname(path))
    const writer = await openWriter(path)
    this.#open.add(writer)
    this.#written.set(name, writer)
    return writer
  }

  /** Opens a file of the draft to be written at places; close it before `commit`. */
  async createPlaced(name: string): Promise<PlacedWriter> {
    const path = join(this.path, name)
    const handle = await guarded(path, () => fs.open(path, 'wx'))
    this.#open.add({ abandon: () => handle.close().catch(() => undefined) })
    return new PlacedWriter({ path, handle })
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
    const path = join(this.path, name)
    await makeFolder(dirname(path))
    this.#copied.push(name)
    await guarded(path, async () => {
      // A file system that can share the bytes of two files does.
      await fs.copyFile(source, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
      const handle = await fs.open(path, 'r+')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    })
  }

  /** Writes down the hashes of all files that were written from front to back, or copied, so far. */
  async seal(): Promise<void> {
    const files = [...this.#written]
      .filter(([, { path, sha256 }]) => sha256 !== null && existsSync(path))
      .map(([name, { bytes, sha256 }]) => ({ name, bytes, sha256 }))
    for (const name of this.#copied) {
      const path = join(this.path, name)
      files.push({ name, bytes: (await fs.stat(path)).size, sha256: await hashFile(path) })
    }
    files.sort((a, b) => (a.name < b.name ? -1 : 1))
    await this.writeFile(SUMS_FILE, sealedText({ format: 'assay-sums', version: 1, files }, 1))
  }

  /**
   * Makes the folder real. An existing target is replaced only when `replace` is given; else the
   * draft is dropped, since a folder named by its content's fingerprint cannot differ.
   *
   * @param options `target`: another folder beside the first, for content whose fingerprint is
   *   known only once it is written
   * @returns `there` when the draft was dropped for what was there
   */
  async commit(options: { replace?: boolean; target?: string } = {}): Promise<'made' | 'there'> {
    const target = options.target ?? this.target
    return guarded(target, async () => {
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
export async function openGrowing(path: string): Promise<GrowingFile> {
  await makeFolder(dirname(path))
  return guarded(path, async () => {
    const isNew = !existsSync(path)
    return keptOpen(await fs.open(path, 'a+'), async (handle) => {
      if (isNew) await syncFolder(dirname(path))
      return new GrowingFile(path, handle)
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
  static async open(path: string): Promise<LineLog> {
    await makeFolder(dirname(path))
    return guarded(path, async () => {
      return keptOpen(await fs.open(path, 'a+'), async (handle) => {
        const end = await endOfLastLine(handle)
        if (end < (await handle.stat()).size) await handle.truncate(end)
        return new LineLog(new GrowingFile(path, handle))
      })
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
