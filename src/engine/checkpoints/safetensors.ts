/** Safetensors files in and out, tensor by tensor: no model is held whole. */
import { elementsOf } from '#engine/parameters'
import type { ParameterSource } from '#engine/parameters'
import type { StoredDtype } from '#shared/modelExport'
import type { FileWriter } from '#engine/storage/files'
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './halfPrecision'
import { invalid, openFile, readHeader, shownName } from './safetensorsHeader'
import type { SafetensorsHeader, TensorPlace } from './safetensorsHeader'

/** Bytes asked of the system, or handed to it, at a time. */
const CHUNK_BYTES = 1 << 24

/** The types that values are read of; tensors of others are listed. */
export const READABLE_DTYPES: readonly string[] = ['F32', 'BF16', 'F16']

/** A safetensors file as a source of parameters. Holds no file open, so nothing is closed. */
export interface SafetensorsSource extends ParameterSource {
  readonly metadata: Readonly<Record<string, string>>
  /** Of the whole file. */
  readonly fileBytes: number
  /** The type a tensor is stored in: `F32`, `BF16`, `F16` … */
  dtype(name: string): string
  /** Bytes that it takes in the file. */
  bytesOf(name: string): number
}

/**
 * Opens a safetensors file. Only its header is read; values are read by ranges when asked for.
 *
 * `F32` comes as it is; `BF16` and `F16` as the float32 of the same value. Reading a tensor of
 * another type is an error, listing it is not.
 *
 * @param label names the source in errors; the path by default
 * @throws WorkbenchError `checkpoint/invalid` when the file is not a sound safetensors file
 */
export async function openSafetensors(path: string, label = path): Promise<SafetensorsSource> {
  const header = await readHeader(path)
  const placeOf = (name: string) => {
    const place = header.tensors.get(name)
    if (!place) throw invalid(path, `it holds no tensor ${shownName(name)}`)
    return place
  }
  return {
    label,
    shapes: new Map([...header.tensors].map(([name, place]) => [name, place.shape])),
    isHeld: false,
    metadata: header.metadata,
    fileBytes: header.fileBytes,
    dtype: (name) => placeOf(name).dtype,
    bytesOf: (name) => placeOf(name).end - placeOf(name).begin,
    read: (name, from, to) => readValues(path, header, name, placeOf(name), from, to)
  }
}

async function readValues(
  path: string,
  header: SafetensorsHeader,
  name: string,
  place: TensorPlace,
  from = 0,
  to = elementsOf(place.shape)
): Promise<Float32Array> {
  if (place.dtype === 'F32') {
    const values = new Float32Array(to - from)
    await readBytes(path, header, place.begin + from * 4, new Uint8Array(values.buffer))
    return values
  }
  if (!READABLE_DTYPES.includes(place.dtype)) {
    throw invalid(
      path,
      `${shownName(name)} is stored as ${place.dtype}; F32, BF16 or F16 can be read`
    )
  }
  const bits = new Uint16Array(to - from)
  await readBytes(path, header, place.begin + from * 2, new Uint8Array(bits.buffer))
  return place.dtype === 'BF16' ? decodeBfloat16(bits) : decodeFloat16(bits)
}

async function readBytes(
  path: string,
  header: SafetensorsHeader,
  position: number,
  into: Uint8Array
): Promise<void> {
  const file = await openFile(path)
  try {
    const { size, mtimeMs } = await file.stat()
    if (size !== header.fileBytes || mtimeMs !== header.modifiedMs) {
      throw invalid(path, 'it was changed while it was being read')
    }
    let done = 0
    while (done < into.length) {
      const length = Math.min(CHUNK_BYTES, into.length - done)
      const { bytesRead } = await file.read(into, done, length, position + done)
      if (bytesRead === 0) throw invalid(path, `it ends at byte ${position + done}`)
      done += bytesRead
    }
  } finally {
    await file.close()
  }
}

/** Elements read of a source at a time: 16 MB as float32. */
const BLOCK_ELEMENTS = 1 << 22

/** How tensors are stored. */
export interface StoringOptions {
  /** One type for all, or for each by its name; default `F32`. */
  dtype?: StoredDtype | ((name: string) => StoredDtype)
  signal?: AbortSignal
  /** Told after every block, of the bytes it took in the file. */
  onBytes?: (bytes: number) => void
}

/** Bytes that a value of a type takes. */
export function storedBytes(dtype: StoredDtype): number {
  return dtype === 'F32' ? 4 : 2
}

/**
 * Writes tensors in their order, block by block; the file is closed by the caller.
 *
 * The header goes first, since sizes are known from shapes. It is padded to 8 bytes, so that values
 * lie aligned, and says `format: pt`, without which transformers refuses the file. Where types are
 * mixed those of 4 bytes come first: behind an odd number of halves they would not lie aligned. The
 * next block is read while the last is written: the source's memory must stay as it is until the
 * block after the next is asked for.
 *
 * @param metadata further strings for the header
 */
export async function writeSafetensors(
  writer: FileWriter,
  tensors: Pick<ParameterSource, 'shapes' | 'read'>,
  metadata: Readonly<Record<string, string>> = {},
  options: StoringOptions = {}
): Promise<void> {
  const places = placesOf(tensors.shapes, options.dtype ?? 'F32')
  const header = encodeHeader(
    places.map(({ name, shape, dtype, length }) => ({
      name,
      dtype,
      shape,
      bytes: storedBytes(dtype) * length
    })),
    metadata
  )
  await writer.write(header)
  for await (const { values, dtype } of readAhead(tensors, places)) {
    options.signal?.throwIfAborted()
    const bytes = encoded(values, dtype)
    for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
      await writer.write(bytes.subarray(from, from + CHUNK_BYTES))
    }
    options.onBytes?.(bytes.length)
  }
}

/**
 * The header of a file whose tensors follow one another, with the eight bytes before it.
 *
 * @param metadata strings besides `format: pt`
 */
export function encodeHeader(
  tensors: readonly { name: string; dtype: string; shape: readonly number[]; bytes: number }[],
  metadata: Readonly<Record<string, string>>
): Buffer {
  const entries = [`"__metadata__":${JSON.stringify({ format: 'pt', ...metadata })}`]
  let end = 0
  for (const { name, dtype, shape, bytes } of tensors) {
    const begin = end
    end += bytes
    const place = { dtype, shape, data_offsets: [begin, end] }
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(place)}`)
  }
  const text = Buffer.from(`{${entries.join(',')}}`)
  const header = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ')
  header.writeBigUInt64LE(BigInt(header.length - 8))
  text.copy(header, 8)
  return header
}

interface StoredPlace {
  name: string
  shape: readonly number[]
  dtype: StoredDtype
  length: number
}

function placesOf(
  shapes: ParameterSource['shapes'],
  dtype: NonNullable<StoringOptions['dtype']>
): StoredPlace[] {
  const places = [...shapes].map(([name, shape]) => ({
    name,
    shape,
    dtype: typeof dtype === 'string' ? dtype : dtype(name),
    length: elementsOf(shape)
  }))
  return places.sort((a, b) => storedBytes(b.dtype) - storedBytes(a.dtype))
}

/** Blocks of all tensors in their order, each asked for before the one before it is used up. */
async function* readAhead(
  tensors: Pick<ParameterSource, 'read'>,
  places: readonly StoredPlace[]
): AsyncGenerator<{ values: Float32Array; dtype: StoredDtype }> {
  const blocks = places.flatMap(({ name, dtype, length }) =>
    Array.from({ length: Math.ceil(length / BLOCK_ELEMENTS) }, (_, index) => {
      const from = index * BLOCK_ELEMENTS
      const to = Math.min(length, from + BLOCK_ELEMENTS)
      return { name, dtype, from, to: Math.max(from, to), isWhole: to - from === length }
    })
  )
  const begin = async (index: number): Promise<Float32Array | null> => {
    const block = blocks[index]
    if (!block) return null
    const { name, from, to, isWhole } = block
    const values = await (isWhole ? tensors.read(name) : tensors.read(name, from, to))
    if (values.length === to - from) return values
    throw new Error(`${name} has ${values.length} values from ${from} to ${to}`)
  }
  let next = begin(0)
  for (const [index, { dtype }] of blocks.entries()) {
    const values = (await next)!
    next = begin(index + 1)
    // Where writing fails first nobody awaits it.
    next.catch(() => undefined)
    yield { values, dtype }
  }
}

function encoded(values: Float32Array, dtype: StoredDtype): Uint8Array {
  const stored =
    dtype === 'F32' ? values : dtype === 'BF16' ? encodeBfloat16(values) : encodeFloat16(values)
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength)
}
