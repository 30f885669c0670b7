/** The bytes of a source file, decompressed as they come. */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { ZSTDDecoder } from 'zstddec/stream'
import { WorkbenchError } from '#shared/errors'
import type { SourceFile } from './sources'

const CHUNK_BYTES = 1 << 20

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
    if (file.compression === 'zstd') yield* zstdChunks(file, onBytes)
    else yield* plainOrGzipChunks(file, onBytes)
  } catch (error) {
    throw unreadable(file, error)
  }
}

/** A whole file in memory. */
export async function readBytes(
  file: SourceFile,
  onBytes: (count: number) => void = () => undefined
): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of streamBytes(file, onBytes)) chunks.push(chunk)
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

async function* plainOrGzipChunks(
  file: SourceFile,
  onBytes: (count: number) => void
): AsyncGenerator<Buffer> {
  const source = createReadStream(file.path, { highWaterMark: CHUNK_BYTES })
  if (file.compression === 'none') {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      onBytes(chunk.length)
      yield chunk
    }
    return
  }
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
