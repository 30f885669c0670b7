/** A held-out domain on disk: the tokens of its documents, and what is known of each. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FolderDraft } from '#engine/storage/files'
import { assertSound } from '#engine/storage/sealedFiles'
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'
import type { Half } from './allotment'
import { packTokens, tokenWidth } from './tokenFiles'
import type { TokenWidth } from './tokenFiles'

export const DOMAIN_FORMAT = 1

/** Which answers stand in a folder of other answers; lists run over them. */
export interface AnswerPlaces {
  /** Number of its item among the domain's documents, ascending. */
  item: number[]
  /** Its place among the item's answers; the place that none of an item has is the right one's. */
  place: number[]
}

/** `documents.json` of a domain's token folder; lists run over its documents. */
export interface DomainRecord {
  version: number
  width: TokenWidth
  /** Predicted ids of each document; no end-of-text is among them. */
  tokens: number[]
  /** Of a task: ids of each item's context, which stand before those predicted and are not. */
  contexts?: number[]
  /** UTF-8 bytes of what the predicted ids spell. */
  bytes: number[]
  half: Half[]
  /** True where only a document's beginning is measured, to keep the token cap. */
  isCut: boolean[]
  /** Of the other answers to a task's items: whose each is, and which. */
  choices?: AnswerPlaces
}

/**
 * Writes a domain to `tokens/<fingerprint>/`, unless it is there.
 *
 * @param ids of each document: context and what is predicted
 * @returns the fingerprint: SHA-256 of what is measured
 */
export async function writeDomain(
  tokensFolder: string,
  lists: Omit<DomainRecord, 'version' | 'width'>,
  ids: readonly Uint32Array[],
  tokenizer: TextTokenizer
): Promise<string> {
  const width = tokenWidth(tokenizer.vocabularySize)
  const record: DomainRecord = { version: DOMAIN_FORMAT, width, ...lists }
  const fingerprint = fingerprintOfDomain(record, ids, tokenizer)
  const folder = join(tokensFolder, fingerprint)
  if (existsSync(join(folder, 'documents.json'))) {
    await assertSound(folder)
    return fingerprint
  }
  const draft = await FolderDraft.begin(folder)
  try {
    const file = await draft.create('tokens.bin')
    for (const one of ids) await file.write(packTokens(one, width))
    await file.close()
    await draft.writeFile('documents.json', JSON.stringify(record) + '\n')
    await draft.seal()
    await draft.commit()
  } catch (error) {
    await draft.discard()
    throw error
  }
  return fingerprint
}

function fingerprintOfDomain(
  record: DomainRecord,
  ids: readonly Uint32Array[],
  tokenizer: TextTokenizer
): string {
  const hash = createHash('sha256')
  const { version, bytes, half, tokens, contexts, choices } = record
  // What is not there leaves its key out, so that domains of text are called as ever.
  const shape = {
    version,
    tokenizer: tokenizer.fingerprint,
    bytes,
    half,
    tokens,
    contexts,
    choices
  }
  hash.update(JSON.stringify(shape))
  for (const one of ids) {
    hash.update(new Uint8Array(one.buffer, one.byteOffset, one.byteLength))
  }
  return hash.digest('hex')
}
