/** A model's weight files, laid out before a value is known and filled in any order. */
import { elementsOf } from '#engine/parameters'
import type { FolderDraft, PlacedWriter } from '#engine/storage/files'
import { encodeHeader } from './safetensors'
import { INDEX_FILE, indexText, shardsOf } from './shards'
import type { TensorLayout } from './shards'

/** Weight files of which every byte has its place. */
export interface PlacedWeights {
  files: string[]
  /** Of all files, with headers and index. */
  bytes: number
  /** Writes bytes of a tensor, from one on; they stay as they are until the promise resolves. */
  write(name: string, bytes: Uint8Array, fromByte: number): Promise<void>
  /** Syncs and closes the files. */
  close(): Promise<void>
}

/**
 * Bytes that weight files will take, with headers and index.
 *
 * @param shardBytes bytes of tensors in one file at most, but for a tensor that is larger
 */
export function placedBytes(tensors: readonly TensorLayout[], shardBytes: number): number {
  return laidOut(tensors, shardBytes).bytes
}

/**
 * Creates `model.safetensors`, or several files with their index, with headers and no values yet.
 *
 * @throws WorkbenchError `storage/disk-full`, `storage/not-writable`
 */
export async function createPlacedWeights(
  draft: FolderDraft,
  tensors: readonly TensorLayout[],
  shardBytes: number
): Promise<PlacedWeights> {
  const { shards, index, bytes } = laidOut(tensors, shardBytes)
  const writers: PlacedWriter[] = []
  const places = new Map<string, { writer: PlacedWriter; begin: number }>()
  for (const { file, header, tensors: own } of shards) {
    const writer = await draft.createPlaced(file)
    await writer.write(header, 0)
    let begin = header.length
    for (const tensor of own) {
      places.set(tensor.name, { writer, begin })
      begin += tensor.bytes
    }
    writers.push(writer)
  }
  if (index !== null) await draft.writeFile(INDEX_FILE, index)
  return {
    files: [...shards.map(({ file }) => file), ...(index === null ? [] : [INDEX_FILE])],
    bytes,
    write: (name, bytes, fromByte) => {
      const { writer, begin } = places.get(name)!
      return writer.write(bytes, begin + fromByte)
    },
    close: async () => {
      await Promise.all(writers.map((writer) => writer.close()))
    }
  }
}

/** The files with their headers; tensors of wider values first in each, where all then lie aligned. */
function laidOut(tensors: readonly TensorLayout[], shardBytes: number) {
  const width = ({ bytes, shape }: TensorLayout) => bytes / Math.max(1, elementsOf(shape))
  const shards = shardsOf(tensors, shardBytes).map((shard) => {
    shard.tensors.sort((a, b) => width(b) - width(a))
    return { ...shard, header: encodeHeader(shard.tensors, {}) }
  })
  const index = indexText(shards)
  const beside = shards.reduce((sum, { header }) => sum + header.length, 0)
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytes, beside)
  return { shards, index, bytes: bytes + Buffer.byteLength(index ?? '') }
}
