/** A model's weight files, laid out before a value is known and filled in any order. */
import type { FolderDraft, PlacedWriter } from '#engine/storage/files'
import { INDEX_FILE, WEIGHTS_FILE, shardName } from './modelFolder'
import { elementsOf, encodeHeader } from './safetensors'

/** A tensor to be written. */
export interface TensorLayout {
  name: string
  dtype: string
  shape: readonly number[]
  /** Bytes of all its values. */
  bytes: number
}

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
  const shards = dealt(tensors, shardBytes)
  const headers = shards.reduce((sum, shard) => sum + encodeHeader(shard, {}).length, 0)
  const index = shards.length > 1 ? indexText(shards).length : 0
  return tensors.reduce((sum, { bytes }) => sum + bytes, headers + index)
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
  const shards = dealt(tensors, shardBytes)
  const writers: PlacedWriter[] = []
  const places = new Map<string, { writer: PlacedWriter; begin: number }>()
  const files: string[] = []
  for (const [index, shard] of shards.entries()) {
    const name = nameOf(index, shards.length)
    const writer = await draft.createPlaced(name)
    const header = encodeHeader(shard, {})
    await writer.write(header, 0)
    let begin = header.length
    for (const tensor of shard) {
      places.set(tensor.name, { writer, begin })
      begin += tensor.bytes
    }
    writers.push(writer)
    files.push(name)
  }
  if (shards.length > 1) {
    await draft.writeFile(INDEX_FILE, indexText(shards))
    files.push(INDEX_FILE)
  }
  return {
    files,
    bytes: placedBytes(tensors, shardBytes),
    write: (name, bytes, fromByte) => {
      const { writer, begin } = places.get(name)!
      return writer.write(bytes, begin + fromByte)
    },
    close: async () => {
      await Promise.all(writers.map((writer) => writer.close()))
    }
  }
}

/** In their order; those of wider values first in each file, where all then lie aligned. */
function dealt(tensors: readonly TensorLayout[], shardBytes: number): TensorLayout[][] {
  const shards: TensorLayout[][] = [[]]
  let filled = 0
  for (const tensor of tensors) {
    if (filled > 0 && filled + tensor.bytes > shardBytes) {
      shards.push([])
      filled = 0
    }
    shards.at(-1)!.push(tensor)
    filled += tensor.bytes
  }
  const width = ({ bytes, shape }: TensorLayout) => bytes / Math.max(1, elementsOf(shape))
  return shards.map((shard) => shard.sort((a, b) => width(b) - width(a)))
}

function nameOf(index: number, count: number): string {
  return count === 1 ? WEIGHTS_FILE : shardName(index, count)
}

function indexText(shards: readonly TensorLayout[][]): string {
  const entries = shards.flatMap((shard, index) =>
    shard.map(({ name }): [string, string] => [name, nameOf(index, shards.length)])
  )
  const all = shards.flat()
  const index = {
    metadata: {
      total_parameters: all.reduce((sum, { shape }) => sum + elementsOf(shape), 0),
      total_size: all.reduce((sum, { bytes }) => sum + bytes, 0)
    },
    weight_map: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  return JSON.stringify(index, null, 2) + '\n'
}
