/** How a model's tensors are dealt out to files, and the index that says which lies where. */
import { elementsOf } from '#engine/parameters'

export const WEIGHTS_FILE = 'model.safetensors'
export const INDEX_FILE = 'model.safetensors.index.json'

/** A tensor to be written. */
export interface TensorLayout {
  name: string
  dtype: string
  shape: readonly number[]
  /** Bytes of all its values. */
  bytes: number
}

/** A file of tensors. */
export interface Shard<Tensor extends TensorLayout> {
  file: string
  tensors: Tensor[]
}

/**
 * Deals tensors out in their order, as transformers does; none is cut.
 *
 * @param shardBytes bytes of tensors in one file at most, but for a tensor that is larger
 * @returns one file at least
 * @see https://huggingface.co/docs/transformers/big_models#sharded-checkpoints
 */
export function shardsOf<Tensor extends TensorLayout>(
  tensors: readonly Tensor[],
  shardBytes: number
): Shard<Tensor>[] {
  const dealt: Tensor[][] = [[]]
  let filled = 0
  for (const tensor of tensors) {
    if (filled > 0 && filled + tensor.bytes > shardBytes) {
      dealt.push([])
      filled = 0
    }
    dealt.at(-1)!.push(tensor)
    filled += tensor.bytes
  }
  return dealt.map((shard, index) => ({ file: fileName(index, dealt.length), tensors: shard }))
}

function fileName(index: number, count: number): string {
  const five = (value: number) => String(value).padStart(5, '0')
  return count === 1 ? WEIGHTS_FILE : `model-${five(index + 1)}-of-${five(count)}.safetensors`
}

/** What `model.safetensors.index.json` says; null of one file, which has no index. */
export function indexText(shards: readonly Shard<TensorLayout>[]): string | null {
  if (shards.length === 1) return null
  const all = shards.flatMap(({ tensors }) => tensors)
  const files = shards.flatMap(({ file, tensors }) =>
    tensors.map(({ name }): [string, string] => [name, file])
  )
  const index = {
    metadata: {
      total_parameters: all.reduce((sum, { shape }) => sum + elementsOf(shape), 0),
      total_size: all.reduce((sum, { bytes }) => sum + bytes, 0)
    },
    weight_map: Object.fromEntries(files.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  return JSON.stringify(index, null, 2) + '\n'
}
