/** Counts of NaN and infinity among stored values, for what is told of a tensor that cannot be merged. */
import { EXPONENTS, FLOAT_BYTES } from './combineKernel'
import type { StoredTensor } from './streamCombine'

/** Values that are read at a time. */
const COUNTED_AT_ONCE = 1 << 18

/** Counts values of a stored tensor that are NaN or infinite, by their bits; reads all of it. */
export async function countNotFinite(tensor: StoredTensor, values: number): Promise<number> {
  const { dtype } = tensor
  const width = FLOAT_BYTES[dtype]
  const exponent = width === 4 ? EXPONENTS[dtype].mask : EXPONENTS[dtype].mask & 0xffff
  const bytes = new Uint8Array(COUNTED_AT_ONCE * width)
  const words = width === 4 ? new Uint32Array(bytes.buffer) : new Uint16Array(bytes.buffer)
  let found = 0
  for (let from = 0; from < values; from += COUNTED_AT_ONCE) {
    const count = Math.min(COUNTED_AT_ONCE, values - from)
    await tensor.readInto(bytes.subarray(0, count * width), from)
    for (let i = 0; i < count; i++) if ((words[i]! & exponent) === exponent) found++
  }
  return found
}
