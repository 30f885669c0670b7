/** The token stream of a partition: its documents in order, each ended by the end-of-text id. */
import { createHash } from 'node:crypto'
import { closeSync, existsSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { FolderDraft } from '#engine/storage/files'
import type { FileWriter } from '#engine/storage/files'
import { openToReadSync, readTextSync } from '#engine/storage/reading'
import { assertNotNewer, assertSound, parseRecord } from '#engine/storage/sealedFiles'
import { damagedError } from '#engine/storage/seals'
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'
import { unpackEntry } from './corpusIndex'
import { readTexts } from './corpusReader'
import type { DocumentChoice, OrderedDocument } from './documentOrder'
import { packTokens, tokenWidth } from './tokenFiles'
import type { TokenWidth } from './tokenFiles'

const STREAM_FORMAT = 1
/** Documents' ids as they are stored, of which the stream is put together. */
const UNORDERED = 'unordered.bin'
const BATCH_CHARACTERS = 1_000_000
const BATCH_DOCUMENTS = 1000

/** `stream.json` of a token folder. */
export interface StreamRecord {
  version: number
  width: TokenWidth
  documents: number
  /** Ids in the stream, one end-of-text per document included. */
  tokens: number
}

/** A token folder that is there. */
export interface TokenStream extends StreamRecord {
  fingerprint: string
}

/** What a stream is made with. */
export interface StreamTokenizer {
  tokenizer: TextTokenizer
  endOfTextId: number
}

/**
 * Writes a partition's token stream to `tokens/<fingerprint>/`, unless it is there already.
 *
 * The fingerprint is over tokenizer and texts in order, so it is known before anything is
 * tokenised. Documents are tokenised as they are stored and put into order afterwards, since their
 * order is random and compressed blocks are not.
 *
 * @param onTokens told how many ids were made since the last time
 * @throws WorkbenchError `storage/corrupt` where the stream that is there was damaged
 */
export async function writeTokenStream(
  tokensFolder: string,
  choices: readonly DocumentChoice[],
  order: readonly OrderedDocument[],
  { tokenizer, endOfTextId }: StreamTokenizer,
  hooks: { onTextBytes?: (count: number) => void; signal?: AbortSignal } = {}
): Promise<TokenStream> {
  const fingerprint = streamFingerprint(choices, order, tokenizer.fingerprint, endOfTextId)
  const there = readStreamRecord(tokensFolder, fingerprint)
  const folder = join(tokensFolder, fingerprint)
  if (there) {
    await assertSound(folder)
    return there
  }
  const width = tokenWidth(tokenizer.vocabularySize)
  const draft = await FolderDraft.begin(folder)
  try {
    const unordered = await draft.create(UNORDERED)
    const places = await encodeChoices(choices, tokenizer, unordered, width, hooks)
    await unordered.close()
    const tokens = await gather(draft, places, order, endOfTextId, width)
    await draft.remove(UNORDERED)
    const stream = { version: STREAM_FORMAT, width, documents: order.length, tokens }
    await draft.writeFile('stream.json', JSON.stringify(stream) + '\n')
    await draft.seal()
    await draft.commit()
    return { ...stream, fingerprint }
  } catch (error) {
    await draft.discard()
    throw error
  }
}

/** The record of a token folder; null when it is not there. */
export function readStreamRecord(tokensFolder: string, fingerprint: string): TokenStream | null {
  const path = join(tokensFolder, fingerprint, 'stream.json')
  if (!existsSync(path)) return null
  const record = parseRecord(readTextSync(path), path) as StreamRecord
  assertNotNewer(path, record, STREAM_FORMAT)
  return { ...record, fingerprint }
}

/** What a stream of these documents in this order is called, whether it was made or not. */
export function streamFingerprint(
  choices: readonly DocumentChoice[],
  order: readonly OrderedDocument[],
  tokenizer: string,
  endOfTextId: number
): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify({ format: STREAM_FORMAT, tokenizer, endOfTextId }))
  for (const { choice, position } of order) {
    const { stored, documents } = choices[choice]!
    hash.update(unpackEntry(stored.index, documents[position]!).textHash)
  }
  return hash.digest('hex')
}

/** Where each document's ids lie in the unordered file, in ids. */
interface Places {
  begins: Float64Array
  lengths: Uint32Array
}

async function encodeChoices(
  choices: readonly DocumentChoice[],
  tokenizer: TextTokenizer,
  file: FileWriter,
  width: TokenWidth,
  hooks: { onTextBytes?: (count: number) => void; signal?: AbortSignal }
): Promise<Places[]> {
  const places: Places[] = []
  let written = 0
  for (const { stored, documents } of choices) {
    const begins = new Float64Array(documents.length)
    const lengths = new Uint32Array(documents.length)
    let position = 0
    for await (const texts of inBatches(readTexts(stored, documents))) {
      hooks.signal?.throwIfAborted()
      for (const ids of await tokenizer.encode(texts)) {
        begins[position] = written
        lengths[position] = ids.length
        written += ids.length
        position += 1
        await file.write(packTokens(ids, width))
      }
      hooks.onTextBytes?.(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0))
    }
    places.push({ begins, lengths })
  }
  return places
}

/** Groups texts into batches of about a megabyte. */
export async function* inBatches(texts: AsyncIterable<{ text: string }>): AsyncGenerator<string[]> {
  let batch: string[] = []
  let characters = 0
  for await (const { text } of texts) {
    batch.push(text)
    characters += text.length
    if (characters < BATCH_CHARACTERS && batch.length < BATCH_DOCUMENTS) continue
    yield batch
    batch = []
    characters = 0
  }
  if (batch.length > 0) yield batch
}

async function gather(
  draft: FolderDraft,
  places: readonly Places[],
  order: readonly OrderedDocument[],
  endOfTextId: number,
  width: TokenWidth
): Promise<number> {
  const target = await draft.create('tokens.bin')
  const path = join(draft.path, UNORDERED)
  const source = openToReadSync(path)
  const end = packTokens([endOfTextId], width)
  let tokens = 0
  try {
    for (const { choice, position } of order) {
      const { begins, lengths } = places[choice]!
      const bytes = Buffer.alloc(lengths[position]! * width + width)
      const wanted = bytes.subarray(0, bytes.length - width)
      readWhole(source, path, wanted, begins[position]! * width)
      end.copy(bytes, bytes.length - width)
      await target.write(bytes)
      tokens += lengths[position]! + 1
    }
  } finally {
    closeSync(source)
  }
  await target.close()
  return tokens
}

/**
 * Fills bytes from a place of a file on: a read may give fewer than were asked for.
 *
 * @throws WorkbenchError `storage/corrupt` where the file ends before
 */
function readWhole(file: number, path: string, bytes: Uint8Array, begin: number): void {
  for (let done = 0; done < bytes.length;) {
    const read = readSync(file, bytes, done, bytes.length - done, begin + done)
    if (read === 0) {
      const fault = { expected: `${bytes.length} bytes at byte ${begin}`, found: `${done}` }
      throw damagedError(path, fault, 'Prepare the text again.')
    }
    done += read
  }
}
