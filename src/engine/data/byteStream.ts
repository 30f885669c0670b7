/** The bytes of a source file, decompressed as they come. */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { ZSTDDecoder } from 'zstddec/stream'
import { WorkbenchError } from '#shared/errors'
import type { SourceFile } from './sources'

const CHUNK_BYTES = 1 << 20

/**
 * What unpacks to more than so many times its size is made to fill memory, not to be read: text packs
 * to a third or a tenth, logs that repeat themselves to a hundredth.
 */
const MOST_RATIO = 250

/** Below this, in bytes, no ratio is looked at: a few equal lines pack to almost nothing. */
const SPARED_BYTES = 64 << 20

/** A file that is read whole, and a line of one, must fit into one string of the engine's, in bytes. */
export const LARGEST_WHOLE = 500_000_000

/**
 * Streams a file's bytes in chunks, through gzip or zstd where its name says so.
 *
 * @param onBytes told the bytes taken from disk, before decompression
 * @throws WorkbenchError `corpus/unreadable` for a broken or truncated file
 */
export async function* streamBytes(
  file: SourceFile,
  onBytes: (count: number) => void = () => undefined
): AsyncGenerator<Buffer> {
  try {
    if (file.compression === 'none') yield* plainChunks(file, onBytes)
    else yield* unpackedWithin(file, onBytes)
  } catch (error) {
    throw unreadable(file, error)
  }
}

/** A whole file in memory. @throws WorkbenchError `corpus/unreadable` for one that is too large */
export async function readBytes(
  file: SourceFile,
  onBytes: (count: number) => void = () => undefined
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of streamBytes(file, onBytes)) {
    bytes += chunk.length
    if (bytes > LARGEST_WHOLE) throw tooLarge(file)
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

/** The error for a file whose format is broken; says which and what was expected. */
export function unreadable(file: SourceFile, cause: unknown): unknown {
  if (cause instanceof WorkbenchError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  const kind = file.compression === 'none' ? file.format : `${file.format}, ${file.compression}`
  return new WorkbenchError(
    'corpus/unreadable',
    `${file.path} could not be read as ${kind}: ${reason}. ` +
      `The file is broken or cut short; fetch it again or leave it out.`,
    { file: file.path, reason },
    { cause }
  )
}

/** What a compressed file unpacks to, as long as that is in proportion to the file. */
async function* unpackedWithin(
  file: SourceFile,
  onBytes: (count: number) => void
): AsyncGenerator<Buffer> {
  const count = inProportion(file)
  const unpacked =
    file.compression === 'zstd' ? zstdChunks(file, onBytes) : gzipChunks(file, onBytes)
  for await (const chunk of unpacked) {
    count(chunk.length)
    yield chunk
  }
}

/**
 * Counts what a packed file gives out.
 *
 * @returns to be told of so many bytes more
 * @throws WorkbenchError `corpus/unreadable`, when told, once they are out of all proportion to the file
 */
export function inProportion(file: SourceFile): (bytes: number) => void {
  const most = Math.max(SPARED_BYTES, file.bytes * MOST_RATIO)
  let bytes = 0
  return (more) => {
    bytes += more
    if (bytes > most) throw outOfProportion(file, bytes)
  }
}

/** About how many bytes of text a value of a document's fields would be; at least one. */
export function bytesOf(value: unknown): number {
  if (typeof value === 'string') return 1 + value.length
  if (value === null || typeof value !== 'object') return 1
  if (ArrayBuffer.isView(value)) return 1 + value.byteLength
  return Object.entries(value).reduce(
    (sum, [name, item]) => sum + (Array.isArray(value) ? 0 : name.length) + bytesOf(item),
    1
  )
}

function outOfProportion(file: SourceFile, bytes: number): WorkbenchError {
  const ratio = Math.round(bytes / file.bytes)
  return new WorkbenchError(
    'corpus/unreadable',
    `${file.path} (${file.bytes} bytes) unpacks to ${ratio} times its size and goes on. ` +
      `Expected at most ${MOST_RATIO} times: text does not pack so well, a file made to fill a disk does. ` +
      `If it is text all the same, unpack it yourself and import that.`,
    { file: file.path, bytes: file.bytes, unpacked: bytes, most: MOST_RATIO }
  )
}

/** The error for what does not fit into one string. */
export function tooLarge(file: SourceFile): WorkbenchError {
  return new WorkbenchError(
    'corpus/unreadable',
    `${file.path} is read whole, as one ${file.format === 'text' || file.format === 'tokens' ? 'document' : 'list'}, and holds more than ${LARGEST_WHOLE / 1e6} MB. ` +
      `Cut it into smaller files, or into lines of JSON (JSONL), which are read one by one.`,
    { file: file.path, most: LARGEST_WHOLE }
  )
}

async function* plainChunks(
  file: SourceFile,
  onBytes: (count: number) => void
): AsyncGenerator<Buffer> {
  const source = createReadStream(file.path, { highWaterMark: CHUNK_BYTES })
  for await (const chunk of source as AsyncIterable<Buffer>) {
    onBytes(chunk.length)
    yield chunk
  }
}

async function* gzipChunks(
  file: SourceFile,
  onBytes: (count: number) => void
): AsyncGenerator<Buffer> {
  const source = createReadStream(file.path, { highWaterMark: CHUNK_BYTES })
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  source.on('data', (chunk) => onBytes(chunk.length))
  source.on('error', (error) => gunzip.destroy(error))
  source.pipe(gunzip)
  try {
    yield* gunzip as AsyncIterable<Buffer>
  } finally {
    source.destroy()
  }
}

async function* zstdChunks(
  file: SourceFile,
  onBytes: (count: number) => void
): AsyncGenerator<Buffer> {
  const decoder = new ZSTDDecoder()
  await decoder.init()
  let idle = 0
  for (const piece of decoder.decodeStreaming(fileChunks(file.path, onBytes))) {
    // The decoder does not look at zstd's error codes: on broken input it would spin for ever,
    // taking nothing in and giving nothing out.
    idle = piece.length === 0 ? idle + 1 : 0
    if (idle > 1000) throw new Error('the zstd stream is broken')
    if (piece.length > 0) yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
  }
}

function* fileChunks(path: string, onBytes: (count: number) => void): Generator<Uint8Array> {
  const handle = openSync(path, 'r')
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(1 << 16)
      const bytes = readSync(handle, chunk)
      if (bytes === 0) return
      onBytes(bytes)
      yield chunk.subarray(0, bytes)
    }
  } finally {
    closeSync(handle)
  }
}
