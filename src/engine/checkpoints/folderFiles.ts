/** Files of a model's folder, none of them outside it, none larger than such a file may be. */
import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { invalid, openFile, shownName } from './safetensorsHeader'

/** What a model's JSON files may hold at most, in bytes; larger ones are refused unread. */
const MOST_JSON_BYTES = 1 << 28

/**
 * The path of a file of a model's folder.
 *
 * Links are followed where they stay in the folder, and from a snapshot of the Hugging Face cache to
 * the blobs beside it, which is how that cache keeps files. Any other would let a folder from
 * somewhere have files of this machine read.
 *
 * @throws WorkbenchError `checkpoint/invalid` for a name or a link that leads out of the folder
 */
export async function fileOf(folder: string, name: string): Promise<string> {
  const path = join(folder, name)
  if (!/^[\w.-]+$/.test(name) || name === '..' || name === '.') {
    throw invalid(folder, `${shownName(name)} is not the name of a file of this folder`)
  }
  const [real, home] = await Promise.all([realpath(path), realpath(folder)]).catch(
    (error: unknown) => {
      throw invalid(path, 'there is no such file', error)
    }
  )
  const snapshots = dirname(home)
  const homes = [home]
  if (basename(snapshots) === 'snapshots') homes.push(join(dirname(snapshots), 'blobs'))
  if (homes.some((one) => real.startsWith(one + sep))) return path
  throw invalid(path, 'it is a link that leads out of its folder')
}

/** True when a model's folder holds something of a name. */
export function hasFile(folder: string, name: string): boolean {
  return existsSync(join(folder, name))
}

/**
 * The bytes of a small file of a model's folder.
 *
 * @throws WorkbenchError `checkpoint/invalid` when it is not there, leads out, or is too large
 */
export async function readFileOf(folder: string, name: string): Promise<Buffer> {
  const path = await fileOf(folder, name)
  const file = await openFile(path)
  try {
    const { size } = await file.stat()
    if (size > MOST_JSON_BYTES) {
      throw invalid(
        path,
        `it has ${size} bytes; at most ${MOST_JSON_BYTES} are read of such a file`
      )
    }
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/**
 * A JSON file of a model's folder.
 *
 * @throws WorkbenchError `checkpoint/invalid`, also for what is not JSON
 */
export async function readJsonOf(folder: string, name: string): Promise<unknown> {
  return parsedJson(join(folder, name), await readFileOf(folder, name))
}

/**
 * What a JSON file says.
 *
 * @param path names it in errors
 * @throws WorkbenchError `checkpoint/invalid` for what is not JSON
 */
export function parsedJson(path: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch (error) {
    throw invalid(path, `it is not JSON (${(error as Error).message})`, error)
  }
}
