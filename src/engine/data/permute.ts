/** A shuffle that needs no memory: any position of any permutation, computed on its own. */
import { createHash } from 'node:crypto'
import { mix32 } from './documentHash'

/**
 * The four round keys of a permutation, from whatever it should depend on.
 *
 * @param parts random seed, fingerprint, epoch …; SHA-256 of their JSON gives the keys
 */
export function permutationKey(...parts: (string | number)[]): Uint32Array {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest()
  return Uint32Array.from({ length: 4 }, (_, round) => hash.readUInt32LE(4 * round))
}

/**
 * The element at a position of the permutation of 0 … n−1 that the key names.
 *
 * A four-round Feistel network over the smallest even number of bits that holds n; results
 * beyond n are put through again until one falls inside ("cycle walking"), which keeps it a
 * bijection. So data order needs no state: a run resumes at any step by arithmetic.
 *
 * @param n at most 2³²
 * @param key of `permutationKey`
 * @see Black and Rogaway 2002, "Ciphers with arbitrary finite domains"
 */
export function permute(n: number, key: Uint32Array, position: number): number {
  if (!Number.isInteger(position) || position < 0 || position >= n || n > 2 ** 32) {
    throw new RangeError(`position ${position} is not in a permutation of ${n}`)
  }
  const half = Math.max(1, Math.ceil(Math.ceil(Math.log2(n)) / 2))
  const mask = 2 ** half - 1
  let element = position
  do {
    let left = Math.floor(element / (mask + 1))
    let right = element & mask
    for (let round = 0; round < 4; round++) {
      const next = (left ^ (mix32(right ^ key[round]!) & mask)) >>> 0
      left = right
      right = next
    }
    element = left * (mask + 1) + right
  } while (element >= n)
  return element
}
