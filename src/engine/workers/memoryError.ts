/** Want of memory by its name, whichever library met it. */
import { WorkbenchError, toPlain } from '#shared/errors'

/** What TensorFlow, CUDA, the C++ library and V8 say of it. */
const WORDS =
  /OOM when allocating|CUDA_ERROR_OUT_OF_MEMORY|CUBLAS_STATUS_ALLOC_FAILED|Dst tensor is not initialized|std::bad_alloc|Array buffer allocation failed/

/** What of it is a GPU's. */
const OF_DEVICE = /GPU|CUDA_|CUBLAS_|Dst tensor/

/**
 * Gives an error that says so, in whatever words, the code of want of memory, and whose memory it was (`of`: `device` or
 * `machine`); leaves others as they are.
 *
 * @param error what a job threw
 */
export function namedWantOfMemory(error: unknown): unknown {
  const { code, message } = toPlain(error)
  if (code !== 'bug' || !WORDS.test(message)) return error
  const [first] = message.split('\n')
  return new WorkbenchError(
    'backend/out-of-memory',
    `There was too little memory: ${first}. Other programs may hold it; a smaller microBatchSize or batchSize needs less.`,
    { of: OF_DEVICE.test(first!) ? 'device' : 'machine' },
    { cause: error }
  )
}
