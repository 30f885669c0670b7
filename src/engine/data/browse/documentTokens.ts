/** How many tokens each document of a text has. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { assertSound, readCachedBytes, writeCachedBytes } from '#engine/storage/sealedFiles'
import { TRAINING } from '../allotment'
import type { AllottedPartition } from '../allotment'
import { entryBytes } from '../corpusIndex'
import { readTexts } from '../corpusReader'
import { documentEnds } from '../documentEnds'
import { inBatches } from '../tokenStream'
import type { StreamTokenizer, TokenStream } from '../tokenStream'
import { streamOf } from './openTexts'
import type { OpenText, OpenTexts } from './openTexts'

/** Tokens per document of each part of a text, in the order of its parts. */
export type TokenCounts = Uint32Array[]

/** The counts of a text where they were counted before; null where not. */
export async function findTokenCounts(
  texts: OpenTexts,
  text: OpenText
): Promise<TokenCounts | null> {
  if (!texts.tokenizer) return null
  const counts: TokenCounts = []
  for (const part of text.group.parts) {
    const path = countsPath(texts, texts.tokenizer, part)
    const bytes = await readCachedBytes(path, part.stored.documents * 4)
    if (bytes === null) return null
    counts.push(new Uint32Array(bytes.buffer))
  }
  return counts
}

/**
 * Counts the tokens of every document, without any end-of-text, and keeps the counts in `cache/`.
 *
 * Training documents are read off the token stream, which spares tokenising them again; held-out
 * documents and duplicates are tokenised.
 *
 * @param hooks `mayWrite`: false in a project that is open for reading only; `onTextBytes`: told
 *   how many bytes of text were tokenised since the last time
 */
export async function countTokens(
  texts: OpenTexts,
  text: OpenText,
  tokenizer: StreamTokenizer,
  hooks: { mayWrite: boolean; onTextBytes?: (bytes: number) => void; signal?: AbortSignal }
): Promise<TokenCounts> {
  const counts = text.group.parts.map(({ stored }) => new Uint32Array(stored.documents))
  const stream = streamOf(texts, text)
  if (stream) await assertSound(join(texts.projectFolder, 'tokens', stream.fingerprint))
  const isRead = stream !== null && readOffStream(texts, text, stream, tokenizer, counts)
  for (const [index, { stored, fates }] of text.group.parts.entries()) {
    const left = Array.from(fates.keys()).filter((one) => !isRead || fates[one] !== TRAINING)
    let position = 0
    for await (const batch of inBatches(readTexts(stored, left))) {
      hooks.signal?.throwIfAborted()
      for (const ids of await tokenizer.tokenizer.encode(batch)) {
        counts[index]![left[position++]!] = ids.length
      }
      hooks.onTextBytes?.(batch.reduce((sum, one) => sum + Buffer.byteLength(one), 0))
    }
  }
  if (hooks.mayWrite) {
    for (const [index, part] of text.group.parts.entries()) {
      const { buffer } = counts[index]!
      await writeCachedBytes(countsPath(texts, tokenizer, part), new Uint8Array(buffer))
    }
  }
  return counts
}

/** Bytes of text that counting would tokenise. */
export function bytesToTokenize(texts: OpenTexts, text: OpenText): number {
  const isStreamed = streamOf(texts, text) !== null
  let bytes = 0
  for (const { stored, fates } of text.group.parts) {
    fates.forEach((fate, document) => {
      if (!isStreamed || fate !== TRAINING) bytes += entryBytes(stored.index, document)
    })
  }
  return bytes
}

/** Each end-of-text ends a document; false where a text spells one itself, so that it tells nothing. */
function readOffStream(
  texts: OpenTexts,
  text: OpenText,
  stream: TokenStream,
  { endOfTextId }: StreamTokenizer,
  counts: TokenCounts
): boolean {
  const { order } = text.ordered!
  const path = join(texts.projectFolder, 'tokens', stream.fingerprint, 'tokens.bin')
  const ends = documentEnds(path, stream, endOfTextId)
  if (ends.length !== order.length) return false
  for (const [place, { choice, position }] of order.entries()) {
    const begin = place === 0 ? 0 : ends[place - 1]! + 1
    counts[choice]![text.group.choices[choice]!.documents[position]!] = ends[place]! - begin
  }
  return true
}

/** Counts depend on text and tokenizer alone, so studies share them. */
function countsPath(
  { projectFolder }: OpenTexts,
  { tokenizer }: StreamTokenizer,
  { stored }: AllottedPartition
): string {
  const key = [1, tokenizer.fingerprint, stored.corpus.fingerprint, stored.number].join(' ')
  const name = createHash('sha256').update(`document tokens ${key}`).digest('hex')
  return join(projectFolder, 'cache', `document-tokens-${name}.bin`)
}
