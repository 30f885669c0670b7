/** A model's tensors as their files have them: bytes by ranges, never decoded. */
import { elementsOf } from '#engine/parameters'
import type { FileHandle } from 'node:fs/promises'
import type { ModelWeights } from './modelWeights'
import { invalid, openFile, readHeader } from './safetensorsHeader'

/** One tensor of a model. */
export interface TensorInFile {
  dtype: string
  shape: readonly number[]
  values: number
  /** Bytes of one value. */
  width: number
  /** Fills memory with the bytes of the values from one on. */
  readInto(bytes: Uint8Array, fromValue: number): Promise<void>
}

/** Files that stay open until they are closed. */
export interface StoredTensors {
  label: string
  tensors: ReadonlyMap<string, TensorInFile>
  /** @throws WorkbenchError `checkpoint/invalid` when a file is not what it was when it was opened */
  assertUnchanged(): Promise<void>
  close(): Promise<void>
}

interface OpenFile {
  path: string
  handle: FileHandle
  fileBytes: number
  modifiedMs: number
}

/**
 * Opens a model's files to be read tensor by tensor; only headers are read.
 *
 * @throws WorkbenchError `checkpoint/invalid`
 */
export async function openStoredTensors(
  weights: Pick<ModelWeights, 'label' | 'files'>
): Promise<StoredTensors> {
  const files: OpenFile[] = []
  const tensors = new Map<string, TensorInFile>()
  const close = async () => {
    for (const { handle } of files) await handle.close()
  }
  try {
    for (const path of weights.files) {
      const { fileBytes, modifiedMs, ...header } = await readHeader(path)
      const handle = await openFile(path)
      files.push({ path, handle, fileBytes, modifiedMs })
      for (const [name, { dtype, shape, begin, end }] of header.tensors) {
        const values = elementsOf(shape)
        const width = values === 0 ? 0 : (end - begin) / values
        const readInto = (bytes: Uint8Array, from: number) =>
          fill(path, handle, bytes, begin + from * width)
        tensors.set(name, { dtype, shape, values, width, readInto })
      }
    }
    for (const file of files) await assertSame(file)
  } catch (error) {
    await close()
    throw error
  }
  return {
    label: weights.label,
    tensors,
    close,
    assertUnchanged: async () => {
      for (const file of files) await assertSame(file)
    }
  }
}

async function assertSame({ path, handle, fileBytes, modifiedMs }: OpenFile): Promise<void> {
  const { size, mtimeMs } = await handle.stat()
  if (size !== fileBytes || mtimeMs !== modifiedMs) {
    throw invalid(path, 'it was changed while it was being read')
  }
}

async function fill(
  path: string,
  handle: FileHandle,
  bytes: Uint8Array,
  position: number
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, position + done)
    if (bytesRead === 0) throw invalid(path, `it ends at byte ${position + done}`)
    done += bytesRead
  }
}
