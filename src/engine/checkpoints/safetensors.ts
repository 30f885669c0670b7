/** Safetensors files in and out, tensor by tensor: no model is held whole. */
import type { ParameterSource } from '#engine/parameters'
import type { FileWriter } from '#engine/storage/files'
import { decodeBfloat16, decodeFloat16 } from './halfPrecision'
import { invalid, openFile, readHeader } from './safetensorsHeader'
import type { SafetensorsHeader, TensorPlace } from './safetensorsHeader'

/** Bytes asked of the system, or handed to it, at a time. */
const CHUNK_BYTES = 1 << 24

/** A safetensors file as a source of parameters. Holds no file open, so nothing is closed. */
export interface SafetensorsSource extends ParameterSource {
  readonly metadata: Readonly<Record<string, string>>
  /** The type a tensor is stored in: `F32`, `BF16`, `F16` … */
  dtype(name: string): string
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
    if (!place) throw invalid(path, `it holds no tensor ${name}`)
    return place
  }
  return {
    label,
    shapes: new Map([...header.tensors].map(([name, place]) => [name, place.shape])),
    isHeld: false,
    metadata: header.metadata,
    dtype: (name) => placeOf(name).dtype,
    read: (name, from, to) => readValues(path, header, name, placeOf(name), from, to)
  }
}

async function readValues(
  path: string,
  header: SafetensorsHeader,
  name: string,
  place: TensorPlace,
  from = 0,
  to = place.shape.reduce((product, length) => product * length, 1)
): Promise<Float32Array> {
  if (place.dtype === 'F32') {
    const values = new Float32Array(to - from)
    await readBytes(path, header, place.begin + from * 4, new Uint8Array(values.buffer))
    return values
  }
  if (place.dtype !== 'BF16' && place.dtype !== 'F16') {
    throw invalid(path, `${name} is stored as ${place.dtype}; F32, BF16 or F16 can be read`)
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

/**
 * Writes tensors as float32 in their order; the file is closed by the caller.
 *
 * The header goes first, since sizes are known from shapes; then one tensor at a time. It is
 * padded to 8 bytes, so that values lie aligned, and says `format: pt`, without which transformers
 * refuses the file.
 *
 * @param metadata further strings for the header
 */
export async function writeSafetensors(
  writer: FileWriter,
  tensors: Pick<ParameterSource, 'shapes' | 'read'>,
  metadata: Readonly<Record<string, string>> = {}
): Promise<void> {
  let end = 0
  const entries = [`"__metadata__":${JSON.stringify({ format: 'pt', ...metadata })}`]
  for (const [name, shape] of tensors.shapes) {
    const begin = end
    end += 4 * shape.reduce((product, length) => product * length, 1)
    const place = { dtype: 'F32', shape, data_offsets: [begin, end] }
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(place)}`)
  }
  const text = Buffer.from(`{${entries.join(',')}}`)
  const header = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ')
  header.writeBigUInt64LE(BigInt(header.length - 8))
  text.copy(header, 8)
  await writer.write(header)
  for (const [name, shape] of tensors.shapes) {
    const values = await tensors.read(name)
    const expected = shape.reduce((product, length) => product * length, 1)
    if (values.length !== expected) {
      throw new Error(`${name} has ${values.length} values; its shape says ${expected}`)
    }
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
      await writer.write(bytes.subarray(from, from + CHUNK_BYTES))
    }
  }
}
