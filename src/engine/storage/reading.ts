/**
 * The one way by which files of a project are opened for reading.
 *
 * A project may come from somebody else. A pipe under a file's name would be waited for until somebody writes
 * into it, by a thread that every other reading needs; a device has no end.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { WorkbenchError } from '#shared/errors'

const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK

/** What is read whole as a text holds at most so many bytes: no string of the engine's is longer. */
const MOST_TEXT_BYTES = 500_000_000

/**
 * Opens a file for reading.
 *
 * @throws WorkbenchError `storage/corrupt` for a pipe, a device or a folder
 * @throws what the system says, as `ENOENT`
 */
export async function openToRead(path: string): Promise<FileHandle> {
  const file = await open(path, FLAGS)
  try {
    assertFile(path, await file.stat())
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/** {@link openToRead}, at once. @returns the file's descriptor */
export function openToReadSync(path: string): number {
  const file = openSync(path, FLAGS)
  try {
    assertFile(path, fstatSync(file))
    return file
  } catch (error) {
    closeSync(file)
    throw error
  }
}

/**
 * The whole of a file, as UTF-8.
 *
 * @param most bytes; larger files are refused unread
 * @throws WorkbenchError `storage/corrupt` for what is no file, or too large
 * @throws what the system says, as `ENOENT`
 */
export async function readText(path: string, most = MOST_TEXT_BYTES): Promise<string> {
  const file = await openToRead(path)
  try {
    assertSize(path, (await file.stat()).size, most)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/** {@link readText}, at once. */
export function readTextSync(path: string): string {
  return withFile(path, (file) => {
    assertSize(path, fstatSync(file).size, MOST_TEXT_BYTES)
    return readFileSync(file, 'utf8')
  })
}

/** The bytes of a file. @throws WorkbenchError `storage/corrupt` for what is no file */
export async function readBytes(path: string): Promise<Buffer> {
  const file = await openToRead(path)
  try {
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** {@link readBytes}, at once. */
export function readBytesSync(path: string): Buffer {
  return withFile(path, (file) => readFileSync(file))
}

function withFile<Read>(path: string, read: (file: number) => Read): Read {
  const file = openToReadSync(path)
  try {
    return read(file)
  } finally {
    closeSync(file)
  }
}

function assertFile(path: string, stats: Stats): void {
  if (stats.isFile()) return
  const found = stats.isDirectory()
    ? 'a folder'
    : stats.isFIFO()
      ? 'a pipe'
      : stats.isSocket()
        ? 'a socket'
        : 'a device'
  throw unusable(path, 'a file', found)
}

function assertSize(path: string, bytes: number, most: number): void {
  if (bytes > most) throw unusable(path, `at most ${most} bytes`, `${bytes} bytes`)
}

function unusable(path: string, expected: string, found: string): WorkbenchError {
  return new WorkbenchError(
    'storage/corrupt',
    `${path} cannot be read: expected ${expected}, found ${found}. Put back what belongs there, or take it out of the project.`,
    { path, expected, found }
  )
}
