/** The sequences of a run as `.npy` files, in the order in which they are trained on. */
import { WorkbenchError } from '#shared/errors'
import type { FolderDraft } from '#engine/storage/files'
import type { Batches } from './batches'
import { packTokens } from './tokenFiles'
import type { TokenWidth } from './tokenFiles'

/** Bytes of one shard, about: a whole number of steps. */
const SHARD_BYTES = 1 << 29

/** NumPy's mark of its files, and the version of the format: 1.0. */
const MAGIC = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0])
/** NumPy leaves room for the first side to grow to so many digits. */
const ROOM_TO_GROW = 21
/** The data of a file begins at a multiple of so many bytes. */
const ALIGNMENT = 64

/**
 * The beginning of a `.npy` file of unsigned integers, little-endian, in C order.
 *
 * @param width bytes of a number
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function npyHeader(shape: readonly number[], width: TokenWidth): Buffer {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const dictionary = `{'descr': '<u${width}', 'fortran_order': False, 'shape': (${sides}), }`
  const text = dictionary.padEnd(dictionary.length + ROOM_TO_GROW - String(shape[0]).length)
  const unpadded = MAGIC.length + 2 + text.length + 1
  const padded = text + ' '.repeat((ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT) + '\n'
  const length = Buffer.alloc(2)
  length.writeUInt16LE(padded.length)
  return Buffer.concat([MAGIC, length, Buffer.from(padded, 'latin1')])
}

/**
 * Writes all sequences of a run, step after step, row after row: each file is [sequences, T + 1] and holds
 * whole steps.
 *
 * @param folder of the draft, which gets `tokens-00000.npy` …
 * @param options `onStep` is told of each step
 * @returns names of the files with the sequences in each, in order
 * @throws WorkbenchError `checkpoint/mismatch` for an id that the model has no embedding of; `storage/*`
 */
export async function writeTokenShards(
  draft: FolderDraft,
  folder: string,
  batches: Batches,
  options: {
    batchSize: number
    contextLength: number
    vocabularySize: number
    width: TokenWidth
    shardBytes?: number
    onStep?: (step: number) => Promise<void>
    signal?: AbortSignal
  }
): Promise<{ file: string; sequences: number }[]> {
  const { batchSize, contextLength, vocabularySize, width, shardBytes = SHARD_BYTES } = options
  const stepBytes = batchSize * (contextLength + 1) * width
  const stepsEach = Math.max(1, Math.floor(shardBytes / stepBytes))
  const shards: { file: string; sequences: number }[] = []
  for (let first = 0; first < batches.steps; first += stepsEach) {
    const steps = Math.min(stepsEach, batches.steps - first)
    const file = `tokens-${String(shards.length).padStart(5, '0')}.npy`
    const sequences = steps * batchSize
    const writer = await draft.create(`${folder}/${file}`)
    await writer.write(npyHeader([sequences, contextLength + 1], width))
    for (let step = first; step < first + steps; step++) {
      options.signal?.throwIfAborted()
      const ids = batches.batch(step)
      const strange = ids.find((id) => id < 0 || id >= vocabularySize)
      if (strange !== undefined) throw strangeToken(step, strange, vocabularySize)
      await writer.write(packTokens(ids, width))
      await options.onStep?.(step)
    }
    await writer.close()
    shards.push({ file, sequences })
  }
  return shards
}

function strangeToken(step: number, token: number, vocabularySize: number): WorkbenchError {
  return new WorkbenchError(
    'checkpoint/mismatch',
    `Step ${step} holds token ${token}; the model's vocabulary has ${vocabularySize}. ` +
      'The text was cut by another tokenizer than the model was made for.',
    { step, token, vocabularySize }
  )
}
