/** How far a search has scored its subsets: kept in `cache/`, so that one that was stopped goes on. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ScoreKeeper, ScoredPart } from '#engine/proxies/search/subsetScores'
import { makeFolder, removeTree, writeFileAtomic } from '#engine/storage/files'
import { readBytes } from '#engine/storage/reading'

/** Ahead of the scores: SHA-256 of all that follows it, and of what the search depends on. */
const HASH_BYTES = 32
/** Then the tokens that are scored, and how many scores and subsets there are. */
const HEAD_BYTES = 2 * HASH_BYTES + 3 * 8
/** Searches of seconds write nothing. */
const EVERY_MS = 5000

/**
 * Keeps the scores of one search at a time: another one takes the place.
 *
 * What cannot be written is not kept, and what does not check is not read: a search never fails by
 * it. The file needs no lock, since it is whole or not there and says whose it is.
 *
 * @param key fingerprint of all that the scores depend on
 * @param everyMs scores are written when so long was worked since the last time
 */
export function keptScores(path: string, key: string, everyMs = EVERY_MS): ScoreKeeper {
  let keptAt = performance.now()
  // What another search has kept stays: its own is dropped.
  let isOurs = false
  const keyHash = hashOf(Buffer.from(key))
  return {
    take: async () => {
      const part = await readPart(path, keyHash).catch(() => null)
      isOurs = part !== null
      return part
    },
    keep: async (part) => {
      if (performance.now() - keptAt < everyMs) return
      await makeFolder(dirname(path))
        .then(() => writeFileAtomic(path, packPart(part, keyHash)))
        .then(() => (isOurs = true))
        .catch(() => undefined)
      keptAt = performance.now()
    },
    drop: async () => {
      if (isOurs) await removeTree(path).catch(() => undefined)
    }
  }
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function packPart({ tokens, found }: ScoredPart, keyHash: Buffer): Buffer {
  const head = Float64Array.of(tokens, found.length, found[0]!.length)
  const bytesOf = (numbers: Float64Array) =>
    Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength)
  const body = Buffer.concat([keyHash, bytesOf(head), ...found.map(bytesOf)])
  return Buffer.concat([hashOf(body), body])
}

async function readPart(path: string, keyHash: Buffer): Promise<ScoredPart | null> {
  if (!existsSync(path)) return null
  const file = await readBytes(path)
  const body = file.subarray(HASH_BYTES)
  if (file.length < HEAD_BYTES || !hashOf(body).equals(file.subarray(0, HASH_BYTES))) return null
  if (!body.subarray(0, HASH_BYTES).equals(keyHash)) return null
  // A copy: numbers must begin at a multiple of their size.
  const numbers = new Float64Array(new Uint8Array(body.subarray(HASH_BYTES)).buffer)
  const [tokens, scores, subsets] = numbers as unknown as [number, number, number]
  const rest = numbers.subarray(3)
  if (rest.length !== scores * subsets) return null
  const found = Array.from({ length: scores }, (_, i) => rest.slice(i * subsets, (i + 1) * subsets))
  return { tokens, found }
}
