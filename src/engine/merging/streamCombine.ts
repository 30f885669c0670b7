/** Merges tensor after tensor by blocks: the next is read and the last is written while one is computed. */
import { WorkbenchError } from '#shared/errors'
import type { CombineKernel, FloatType } from './combineKernel'
import { FLOAT_BYTES, STRIP } from './combineKernel'
import { countNotFinite } from './notFinite'

/** A tensor as it lies in a file, read without being decoded. */
export interface StoredTensor {
  dtype: FloatType
  /** Fills memory with the bytes of the values from one on. */
  readInto(bytes: Uint8Array<ArrayBuffer>, fromValue: number): Promise<void>
  /** Whose it is, for errors: what holds NaN or infinity is not merged. */
  owner?: { model: string; tensor: string }
}

/** Where the bytes of a merged tensor go. */
export interface TensorTarget {
  dtype: FloatType
  /** Writes values at their place; the bytes stay as they are until the promise resolves. */
  write(bytes: Uint8Array<ArrayBuffer>, fromValue: number): Promise<void>
}

/** A strip of a block under way: where its inputs lie, and which values of the tensor it has. */
export interface Strip {
  kernel: CombineKernel
  addresses: readonly number[]
  from: number
  count: number
}

/** One tensor to be merged. */
export interface TensorWork {
  values: number
  /** What is read by blocks. */
  inputs: readonly StoredTensor[]
  /** Null where values are looked at only. */
  target: TensorTarget | null
  /** Leaves the merged values of a strip in the kernel's sums. */
  fill(strip: Strip): void
  /** True when the next tensor may only be asked for once this one is computed. */
  isAlone?: boolean
}

/** Memory for blocks, all together. */
export const HEAP_BYTES = 32 << 20
/** Blocks under way at once: one is read, one computed, one written. */
const SLOTS = 3
/** Whole vectors, so that what lies in it can be looked at by words. */
const SLOT_BYTES = Math.floor(HEAP_BYTES / SLOTS / 64) * 64
/** Bytes of one tensor that are read at a time, at most. */
const LONGEST_READ = 1 << 20
/** Between the areas of a slot: a vector may be read and written past an end. */
const GAP = 64

/** How tensors are merged, whatever they hold. */
export interface StreamOptions {
  /** Most inputs that any tensor has; at most 1,000. */
  inputs: number
  signal: AbortSignal
  /** Told after each block: bytes read and bytes handed to the writer. */
  onBytes: (bytes: number) => void
  /** With {@link HEAP_BYTES} of memory; nobody else uses it meanwhile. */
  kernel: CombineKernel
}

/**
 * Merges tensors in their order.
 *
 * @param works asked for the next while the blocks of the last are still under way
 * @throws WorkbenchError `checkpoint/invalid` for a tensor that holds NaN or infinity, which every method
 *   would spread, or hide; the signal's reason; what reading or writing threw. Nothing is read or written any more then
 */
export async function streamCombine(
  works: AsyncIterable<TensorWork> | Iterable<TensorWork>,
  options: StreamOptions
): Promise<void> {
  const line = new BlockLine(options)
  try {
    for await (const work of works) {
      const step = line.blockLength(work)
      for (let from = 0; from < work.values; from += step) {
        options.signal.throwIfAborted()
        await line.add(work, from, Math.min(step, work.values - from))
      }
      if (work.isAlone) await line.computeAll()
    }
    await line.finish()
  } finally {
    await line.settle()
  }
}

interface Block {
  work: TensorWork
  from: number
  count: number
  slot: number
  read: Promise<unknown>
}

/** Blocks under way, each in a slot of the kernel's memory. */
class BlockLine {
  readonly #kernel: CombineKernel
  readonly #options: StreamOptions
  /** Of one input in a slot. */
  readonly #areaBytes: number
  readonly #reads: Promise<unknown>[] = []
  readonly #writes: Promise<void>[] = []
  #turn = 0
  /** Read, or being read, and not yet computed. */
  #next: Block | null = null

  constructor(options: StreamOptions) {
    this.#options = options
    this.#kernel = options.kernel
    const share = Math.floor(SLOT_BYTES / (options.inputs + 1)) - GAP
    this.#areaBytes = Math.min(LONGEST_READ, share - (share % 16))
  }

  blockLength({ inputs, target }: TensorWork): number {
    const types = [...inputs, ...(target ? [target] : [])]
    const widest = Math.max(2, ...types.map(({ dtype }) => FLOAT_BYTES[dtype]))
    return Math.floor(this.#areaBytes / widest / STRIP) * STRIP
  }

  /** Begins to read a block, and computes the one before meanwhile. */
  async add(work: TensorWork, from: number, count: number): Promise<void> {
    const slot = this.#turn++ % SLOTS
    await this.#writes[slot]
    const read = Promise.all(
      work.inputs.map((input, index) => {
        const address = this.#addressOf(slot, index)
        const end = address + count * FLOAT_BYTES[input.dtype]
        return input.readInto(this.#kernel.bytes.subarray(address, end), from)
      })
    )
    // Waited for in its turn: an error before that is not one that nobody hears.
    read.catch(() => undefined)
    this.#reads[slot] = read
    const before = this.#next
    this.#next = { work, from, count, slot, read }
    if (before) await this.#compute(before)
  }

  /** Computes what is read and not yet computed. */
  async computeAll(): Promise<void> {
    const last = this.#next
    this.#next = null
    if (last) await this.#compute(last)
  }

  async finish(): Promise<void> {
    await this.computeAll()
    await Promise.all(this.#writes)
  }

  /** Waits until nothing is read or written any more. */
  async settle(): Promise<void> {
    await Promise.allSettled([...this.#reads, ...this.#writes])
  }

  #addressOf(slot: number, index: number): number {
    return this.#kernel.heapAt + slot * SLOT_BYTES + index * (this.#areaBytes + GAP)
  }

  async #compute({ work, from, count, slot, read }: Block): Promise<void> {
    await read
    const { inputs, target } = work
    const kernel = this.#kernel
    const starts = inputs.map((_, index) => this.#addressOf(slot, index))
    const broken = inputs.find(({ dtype }, index) =>
      kernel.holdsNotFinite(dtype, starts[index]!, count)
    )
    if (broken) throw await notFiniteTensor(broken, work.values)
    const width = target ? FLOAT_BYTES[target.dtype] : 0
    const outAt = this.#addressOf(slot, inputs.length)
    for (let done = 0; done < count; done += STRIP) {
      const length = Math.min(STRIP, count - done)
      const addresses = starts.map((start, i) => start + done * FLOAT_BYTES[inputs[i]!.dtype])
      work.fill({ kernel, addresses, from: from + done, count: length })
      if (target) kernel.round(target.dtype, outAt + done * width, length)
    }
    if (target) {
      const write = target.write(kernel.bytes.subarray(outAt, outAt + count * width), from)
      write.catch(() => undefined)
      this.#writes[slot] = write
    }
    const bytesRead = inputs.reduce((sum, { dtype }) => sum + count * FLOAT_BYTES[dtype], 0)
    this.#options.onBytes(bytesRead + count * width)
  }
}

async function notFiniteTensor(tensor: StoredTensor, values: number): Promise<WorkbenchError> {
  const { model, tensor: name } = tensor.owner ?? { model: 'a model', tensor: 'a tensor' }
  const count = await countNotFinite(tensor, values)
  return new WorkbenchError(
    'checkpoint/invalid',
    `${name} of ${model} holds NaN or infinity in ${count} of ${values} values. Expected numbers: no method makes a model of these. Leave this model out, or take one that was saved before.`,
    { model, tensor: name, count, values }
  )
}
