/** Files that are checked before they are used: folders with their sums, cache files with their own. */
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { WorkbenchError } from '#shared/errors'
import { FileNameSchema } from './fileName'
import { SUMS_FILE, makeFolder, writeFileAtomic } from './files'
import { hashFile } from './fingerprint'
import { readBytes, readText } from './reading'
import { REDONE, damagedError, openSealed, sealedText } from './seals'

const SumsSchema = z.strictObject({
  format: z.literal('assay-sums'),
  version: z.literal(1),
  files: z.array(z.strictObject({ name: FileNameSchema, bytes: z.number(), sha256: z.string() }))
})
export type FolderSums = z.infer<typeof SumsSchema>

/** Finds something out about files, and not twice while a file stays as it is; faults are not kept. */
function rememberedOf<Found>(
  find: (path: string) => Promise<Found>
): (path: string) => Promise<Found> {
  const known = new Map<string, { seenAs: string; found: Found }>()
  return async (path) => {
    const { size, mtimeMs, ctimeMs, ino } = await stat(path)
    const seenAs = [size, mtimeMs, ctimeMs, ino].join(' ')
    const before = known.get(path)
    if (before?.seenAs === seenAs) return before.found
    const found = await find(path)
    known.set(path, { seenAs, found })
    return found
  }
}

const sha256Of = rememberedOf(hashFile)

const sumsOf = rememberedOf(async (path): Promise<FolderSums> => {
  const opened = openSealed(await readText(path))
  assertNotNewer(path, opened.value, 1)
  const parsed = SumsSchema.safeParse(opened.value)
  if (opened.state === 'sound' && parsed.success) return parsed.data
  const found = opened.state === 'damaged' ? opened : { expected: 'sums', found: 'something else' }
  throw damagedError(path, found, REDONE)
})

const holdsSound = rememberedOf(async (path) => keptIn(await readText(path)) !== null)

/**
 * The sums of a folder's files as they were when it was written; read once per process.
 *
 * @returns null in folders of earlier versions, which have none
 * @throws WorkbenchError `storage/corrupt`, `storage/newer-version`
 */
export async function readSums(folder: string): Promise<FolderSums | null> {
  return sumsOf(join(folder, SUMS_FILE)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}

/**
 * Asserts that files of a folder are as they were written; each is hashed once per process.
 *
 * @param names all that the sums name when left out
 * @param remedy a sentence: what to do about a damaged one
 * @throws WorkbenchError `storage/corrupt` naming the file, what was expected and found
 */
export async function assertSound(
  folder: string,
  names?: readonly string[],
  remedy: string = REDONE
): Promise<void> {
  const sums = await readSums(folder)
  for (const { name, sha256 } of sums?.files ?? []) {
    if (names && !names.includes(name)) continue
    const path = join(folder, name)
    const found = await sha256Of(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return 'no file'
      throw error
    })
    if (found !== sha256) throw damagedError(path, { expected: sha256, found }, remedy)
  }
}

/**
 * Refuses a file of a version that this program does not know, rather than guess at it.
 *
 * @throws WorkbenchError `storage/newer-version`
 */
export function assertNotNewer(path: string, value: unknown, version: number): void {
  const found = (value as { version?: unknown } | null | undefined)?.version
  if (typeof found !== 'number' || found <= version) return
  throw new WorkbenchError(
    'storage/newer-version',
    `${path} has version ${found}; this Assay reads up to version ${version}. Open the project with a newer Assay.`,
    { path, found, expected: version }
  )
}

/**
 * Parses a record of a folder without sums, which nothing has checked.
 *
 * @throws WorkbenchError `storage/corrupt`
 */
export function parseRecord(text: string, path: string): unknown {
  const opened = openSealed(text)
  if (opened.state === 'damaged') throw damagedError(path, opened, REDONE)
  return opened.value
}

/** Keeps what can be made again, under a checksum. */
export async function writeCache(path: string, value: object): Promise<void> {
  await makeFolder(dirname(path))
  await writeFileAtomic(path, sealedText(value))
}

/** What was kept; null where there is nothing, or nothing sound: then it is made again. */
export async function readCache(path: string): Promise<unknown> {
  const text = await readText(path).catch(() => null)
  return text === null ? null : keptIn(text)
}

/** True where {@link readCache} finds something; a file that stays as it is is read once per process. */
export function isSoundCache(path: string): Promise<boolean> {
  return holdsSound(path).catch(() => false)
}

function keptIn(text: string): unknown {
  const opened = openSealed(text)
  return opened.state === 'damaged' ? null : opened.value
}

/**
 * What a bundle cannot make again.
 *
 * @throws WorkbenchError `storage/corrupt`
 */
export async function readOriginal(path: string): Promise<unknown> {
  return parseRecord(await readText(path), path)
}

const SUM_BYTES = 32
/** Stands on both sides of the hash: one flipped bit leaves one of the two. */
const MARK = Buffer.from('assay-sha256')
const SEAL_BYTES = 2 * MARK.length + SUM_BYTES

/** Keeps numbers that can be made again: their bytes, and behind them their SHA-256. */
export async function writeCachedBytes(path: string, bytes: Uint8Array): Promise<void> {
  await makeFolder(dirname(path))
  const sum = createHash('sha256').update(bytes).digest()
  await writeFileAtomic(path, Buffer.concat([bytes, MARK, sum, MARK]))
}

/**
 * Bytes of {@link writeCachedBytes}, or of an earlier version without the hash.
 *
 * @param length how many there must be
 * @returns null where there are none, others, or damaged ones
 */
export async function readCachedBytes(path: string, length: number): Promise<Uint8Array | null> {
  const file = await readBytes(path).catch(() => null)
  const opened = file && openSealedBytes(file)
  if (!opened || opened.state === 'damaged' || opened.bytes.length !== length) return null
  // A copy: a buffer from the pool may begin anywhere.
  return new Uint8Array(opened.bytes)
}

/** What became of the bytes of a file of numbers. */
export function openSealedBytes(file: Buffer): {
  state: 'sound' | 'unsealed' | 'damaged'
  bytes: Buffer
} {
  const begin = Math.max(0, file.length - SEAL_BYTES)
  const bytes = file.subarray(0, begin)
  const marks = [file.subarray(begin, begin + MARK.length), file.subarray(-MARK.length)]
  const marked = marks.filter((mark) => mark.equals(MARK)).length
  if (marked === 0) return { state: 'unsealed', bytes: file }
  const sum = file.subarray(begin + MARK.length, begin + MARK.length + SUM_BYTES)
  const isSound = marked === 2 && createHash('sha256').update(bytes).digest().equals(sum)
  return { state: isSound ? 'sound' : 'damaged', bytes }
}
