/** The header of a safetensors file: what lies where. Never trusts the file. */
import { elementsOf } from '#engine/parameters'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { WorkbenchError } from '#shared/errors'
import { jsonProblem } from './jsonKeys'
import type { JsonProblem } from './jsonKeys'

/** Larger headers are refused, as the format's own library does. */
const HEADER_LIMIT_BYTES = 100_000_000
const METADATA = '__metadata__'

/** Bytes of one element by the format's names. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8
}

/** A header is an object of objects, each with lists. */
const HEADER_DEPTH = 3
/** Sides that a tensor has at most; PyTorch allows as many. */
const MOST_SIDES = 64
/** Characters of a name that errors show. */
const SHOWN_NAME = 120

/** One tensor of a file. */
export interface TensorPlace {
  dtype: string
  shape: number[]
  /** Bytes from the start of the file. */
  begin: number
  end: number
}

export interface SafetensorsHeader {
  /** By name, in the order in which they lie in the file. */
  tensors: Map<string, TensorPlace>
  metadata: Record<string, string>
  /** Of the file when the header was read; a file that changed since is not read from. */
  fileBytes: number
  modifiedMs: number
}

const MetadataSchema = z.record(z.string(), z.string())

/**
 * Reads and checks a header.
 *
 * Everything is checked against the file's real size before memory is asked for: a header of a few
 * bytes cannot claim a tensor of terabytes. Tensors must fill the rest of the file without gap or
 * overlap, as the format demands.
 *
 * @throws WorkbenchError `checkpoint/invalid` saying what is wrong with which tensor
 * @see https://github.com/huggingface/safetensors#format
 */
export async function readHeader(path: string): Promise<SafetensorsHeader> {
  const file = await openFile(path)
  try {
    const { size: fileBytes, mtimeMs } = await file.stat()
    const prefix = Buffer.alloc(8)
    const { bytesRead } = await file.read(prefix, 0, 8, 0)
    if (bytesRead < 8)
      throw invalid(path, `it has ${fileBytes} bytes, fewer than the 8 it begins with`)
    const declared = prefix.readBigUInt64LE()
    const most = BigInt(Math.min(HEADER_LIMIT_BYTES, fileBytes - 8))
    if (declared > most) {
      throw invalid(path, `its header claims ${declared} bytes; at most ${most} are possible here`)
    }
    const header = Buffer.alloc(Number(declared))
    await file.read(header, 0, header.length, 8)
    return { ...parseHeader(path, header, fileBytes), fileBytes, modifiedMs: mtimeMs }
  } finally {
    await file.close()
  }
}

function parseHeader(path: string, header: Buffer, fileBytes: number) {
  const problem = jsonProblem(header, { depth: HEADER_DEPTH, items: MOST_SIDES })
  if (problem) throw invalid(path, inWords(problem))
  let raw: unknown
  try {
    raw = JSON.parse(header.toString('utf8'))
  } catch (error) {
    throw invalid(path, `its header is not JSON (${(error as Error).message})`)
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw invalid(path, 'its header is not a JSON object')
  }
  const dataStart = 8 + header.length
  let metadata: Record<string, string> = {}
  const places: [string, TensorPlace][] = []
  for (const [name, entry] of Object.entries(raw)) {
    if (name === METADATA) {
      const parsed = MetadataSchema.safeParse(entry)
      if (!parsed.success) throw invalid(path, `${METADATA} is not a table of strings`)
      metadata = parsed.data
    } else {
      places.push([name, placeOf(path, name, entry, dataStart)])
    }
  }
  places.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
  let reached = dataStart
  for (const [name, place] of places) {
    if (place.begin !== reached) {
      throw invalid(path, `${shownName(name)} begins at byte ${place.begin}; expected ${reached}`)
    }
    reached = place.end
  }
  if (reached !== fileBytes) {
    throw invalid(path, `its tensors end at byte ${reached}; the file has ${fileBytes} bytes`)
  }
  return { tensors: new Map(places), metadata }
}

function inWords(problem: JsonProblem): string {
  if (problem.kind === 'repeated') return `its header names ${shownName(problem.key)} twice`
  return problem.kind === 'depth'
    ? `its header is not JSON of at most ${HEADER_DEPTH} levels`
    : `its header has a list of over ${MOST_SIDES} items, more than a tensor has sides`
}

/** By hand: a schema takes seconds for the million entries that a header may claim. */
function entryOf(
  entry: unknown
): { dtype: string; shape: number[]; data_offsets: [number, number] } | null {
  if (typeof entry !== 'object' || entry === null) return null
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>
  const isSize = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
  if (typeof dtype !== 'string' || !Array.isArray(shape) || !Array.isArray(offsets)) return null
  if (offsets.length !== 2 || ![...shape, ...(offsets as unknown[])].every(isSize)) return null
  return { dtype, shape: shape as number[], data_offsets: offsets as [number, number] }
}

function placeOf(path: string, name: string, entry: unknown, dataStart: number): TensorPlace {
  const parsed = entryOf(entry)
  const shown = shownName(name)
  if (!parsed) {
    throw invalid(path, `the entry of ${shown} is not {dtype, shape, data_offsets}`)
  }
  const {
    dtype,
    shape,
    data_offsets: [begin, end]
  } = parsed
  const elementBytes = Object.hasOwn(ELEMENT_BYTES, dtype) ? ELEMENT_BYTES[dtype] : undefined
  if (elementBytes === undefined) {
    throw invalid(path, `${shown} is of an unknown type, ${shownName(dtype)}`)
  }

  const expected = elementBytes * elementsOf(shape)
  if (end - begin !== expected) {
    throw invalid(
      path,
      `${shown} takes ${end - begin} bytes; ${dtype} [${shape.join(', ')}] needs ${expected}`
    )
  }
  return { dtype, shape, begin: dataStart + begin, end: dataStart + end }
}

/**
 * Opens a file for reading. A pipe under a file's name is refused instead of being waited for.
 *
 * @throws WorkbenchError `checkpoint/invalid` when there is none, it may not be read, or is no file
 */
export async function openFile(path: string): Promise<FileHandle> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw invalid(path, 'there is no such file', error)
    throw invalid(path, `it cannot be opened (${code ?? String(error)})`, error)
  }
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw invalid(path, 'it is no file')
}

/** A name out of a file as errors show it: what is odd in it escaped, and never a page of it. */
export function shownName(name: string): string {
  const short = name.length > SHOWN_NAME ? `${name.slice(0, SHOWN_NAME)}…` : name
  return /^[\w.\-/…]+$/.test(short) ? short : JSON.stringify(short)
}

/** The error for a file that is not what a checkpoint's file must be. */
export function invalid(path: string, problem: string, cause?: unknown): WorkbenchError {
  return new WorkbenchError(
    'checkpoint/invalid',
    `${path} is not a usable checkpoint file: ${problem}. Copy or download it again, or choose another.`,
    { path, problem },
    cause === undefined ? undefined : { cause }
  )
}
