/** Tokens of a partition's held-out documents, for the ledger. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { readCache, writeCache } from '#engine/storage/sealedFiles'
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'
import { HELD_OUT } from './allotment'
import type { AllottedPartition } from './allotment'
import { unpackEntry } from './corpusIndex'
import { readTexts } from './corpusReader'
import { inBatches } from './tokenStream'

/**
 * Counts the tokens of all held-out documents, without any end-of-text. Only some of them may be
 * measured (the token cap), so counting means tokenising; the count is kept in `cache/`.
 */
export async function countHeldOutTokens(
  projectFolder: string,
  parts: readonly AllottedPartition[],
  tokenizer: TextTokenizer
): Promise<number> {
  const hash = createHash('sha256').update(`held out 1 ${tokenizer.fingerprint}`)
  const choices = parts.map(({ stored, fates }) => ({
    stored,
    documents: Array.from(fates.keys()).filter((document) => fates[document] === HELD_OUT)
  }))
  for (const { stored, documents } of choices) {
    for (const document of documents) hash.update(unpackEntry(stored.index, document).textHash)
  }
  const path = join(projectFolder, 'cache', `held-out-${hash.digest('hex')}.json`)
  const kept = (await readCache(path)) as { tokens: number } | null
  if (kept) return kept.tokens
  let tokens = 0
  for (const { stored, documents } of choices) {
    for await (const texts of inBatches(readTexts(stored, documents))) {
      for (const ids of await tokenizer.encode(texts)) tokens += ids.length
    }
  }
  await writeCache(path, { tokens })
  return tokens
}
