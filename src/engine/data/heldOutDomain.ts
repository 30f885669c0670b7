/** Makes a held-out domain: which documents it measures, their tokens, bytes and halves. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DomainKind, HeldOutDomain } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { FolderDraft } from '#engine/storage/files'
import { assertSound } from '#engine/storage/sealedFiles'
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'
import { HELD_OUT } from './allotment'
import type { AllottedPartition, Half } from './allotment'
import { answerBegins, encodeItem } from './answeredItems'
import { ENTRY_BYTES } from './corpusIndex'
import { readTexts } from './corpusReader'
import { drawOf } from './documentHash'
import { packTokens, tokenWidth } from './tokenFiles'
import type { TokenWidth } from './tokenFiles'

export const DOMAIN_FORMAT = 1
const DOCUMENTS_PER_READ = 64
/** No token in use spells more characters on average over a text. */
const MOST_CHARACTERS_PER_TOKEN = 16

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
}

export interface DomainRequest {
  name: string
  kind: DomainKind
  partition?: string
  /** In the order of imports. */
  parts: readonly AllottedPartition[]
  tokenCap: number
  /** For the error when nothing is held out. */
  share: number
}

interface ChosenDocument {
  text: string
  ids: Uint32Array
  /** So many of them are context and not predicted; `bytes` are those of the rest. */
  context: number
  bytes: number
  half: Half
  isCut: boolean
}

/**
 * Chooses and tokenises a domain's documents and writes them to `tokens/<fingerprint>/`.
 *
 * Whole documents in the order of their hashes, corpora in the order of their import, until the
 * token cap is reached. Where the document that would pass the cap comes before the domain is half
 * full, its beginning is taken, and that is recorded. Items of a task are taken whole; of them only
 * the right answer is predicted, while the cap counts their context too.
 *
 * @returns the record, and the texts measured, for the overlap with training text
 * @throws WorkbenchError `domain/empty` when nothing can be predicted
 */
export async function makeDomain(
  tokensFolder: string,
  request: DomainRequest,
  tokenizer: TextTokenizer
): Promise<{ domain: HeldOutDomain; texts: string[] }> {
  const chosen = await chooseDocuments(request, tokenizer)
  if (chosen.length === 0) throw emptyDomain(request)
  const record: DomainRecord = {
    version: DOMAIN_FORMAT,
    width: tokenWidth(tokenizer.vocabularySize),
    tokens: chosen.map(({ ids, context }) => ids.length - context),
    ...(request.parts.some(({ stored }) => stored.corpus.isTask)
      ? { contexts: chosen.map(({ context }) => context) }
      : {}),
    bytes: chosen.map(({ bytes }) => bytes),
    half: chosen.map(({ half }) => half),
    isCut: chosen.map(({ isCut }) => isCut)
  }
  const fingerprint = fingerprintOfDomain(record, chosen, tokenizer)
  const folder = join(tokensFolder, fingerprint)
  if (existsSync(join(folder, 'documents.json'))) await assertSound(folder)
  else {
    const draft = await FolderDraft.begin(folder)
    try {
      const file = await draft.create('tokens.bin')
      for (const { ids } of chosen) await file.write(packTokens(ids, record.width))
      await file.close()
      await draft.writeFile('documents.json', JSON.stringify(record) + '\n')
      await draft.seal()
      await draft.commit()
    } catch (error) {
      await draft.discard()
      throw error
    }
  }
  return {
    texts: chosen.map(({ text }) => text),
    domain: {
      name: request.name,
      kind: request.kind,
      ...(request.partition === undefined ? {} : { partition: request.partition }),
      fingerprint,
      documents: chosen.length,
      tokens: record.tokens.reduce((sum, count) => sum + count, 0),
      bytes: record.bytes.reduce((sum, count) => sum + count, 0),
      overlapping: 0,
      duplicatesRemoved: duplicatesIn(request)
    }
  }
}

async function chooseDocuments(
  request: DomainRequest,
  tokenizer: TextTokenizer
): Promise<ChosenDocument[]> {
  const chosen: ChosenDocument[] = []
  let left = request.tokenCap
  for (const part of request.parts) {
    const answersFrom = await answerBegins(part.stored)
    for await (const { document, text } of inHashOrder(part)) {
      if (answersFrom) {
        const item = await encodeItem(tokenizer, text, answersFrom[document]!)
        if (item.ids.length > left && chosen.length > 0) return chosen
        if (item.ids.length === 0 || item.ids.length > left) continue
        chosen.push({ ...item, text, half: part.halfOf(document), isCut: false })
        left -= item.ids.length
        continue
      }
      const start = text.slice(0, request.tokenCap * MOST_CHARACTERS_PER_TOKEN)
      const half = part.halfOf(document)
      const [ids] = await tokenizer.encode([start])
      if (ids!.length === 0) continue
      if (ids!.length > left || start.length < text.length) {
        if (left <= request.tokenCap / 2) return chosen
        const cut = await longestStart(tokenizer, start, left)
        const bytes = Buffer.byteLength(cut.text)
        if (cut.ids.length > 0) chosen.push({ ...cut, context: 0, bytes, half, isCut: true })
        return chosen
      }
      const bytes = Buffer.byteLength(text)
      chosen.push({ text, ids: ids!, context: 0, bytes, half, isCut: false })
      left -= ids!.length
    }
  }
  return chosen
}

/** Held-out documents in the order of their hashes, read some at a time. */
async function* inHashOrder(
  part: AllottedPartition
): AsyncGenerator<{ document: number; text: string }> {
  const { index } = part.stored
  const drawOfDocument = (document: number): number =>
    drawOf(index, document * ENTRY_BYTES, 'domainOrder')
  const ordered = Array.from(part.fates.keys())
    .filter((document) => part.fates[document] === HELD_OUT)
    .sort((a, b) => drawOfDocument(a) - drawOfDocument(b) || a - b)
  for (let at = 0; at < ordered.length; at += DOCUMENTS_PER_READ) {
    const wanted = ordered.slice(at, at + DOCUMENTS_PER_READ)
    const texts = new Map<number, string>()
    for await (const { document, text } of readTexts(
      part.stored,
      [...wanted].sort((a, b) => a - b)
    )) {
      texts.set(document, text)
    }
    for (const document of wanted) yield { document, text: texts.get(document)! }
  }
}

/** The longest beginning of a text that has at most so many tokens, by bisection. */
async function longestStart(
  tokenizer: TextTokenizer,
  text: string,
  tokens: number
): Promise<{ text: string; ids: Uint32Array }> {
  let best: { text: string; ids: Uint32Array } = { text: '', ids: new Uint32Array() }
  let low = 0
  let high = text.length
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    const start = wholeCharacters(text.slice(0, middle))
    const [ids] = await tokenizer.encode([start])
    if (ids!.length <= tokens) {
      best = { text: start, ids: ids! }
      low = middle
    } else {
      high = middle - 1
    }
  }
  return best
}

function wholeCharacters(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text
}

function fingerprintOfDomain(
  record: DomainRecord,
  chosen: readonly ChosenDocument[],
  tokenizer: TextTokenizer
): string {
  const hash = createHash('sha256')
  const { version, bytes, half, tokens, contexts } = record
  // Without contexts the key is left out, so that domains of text are called as ever.
  const shape = { version, tokenizer: tokenizer.fingerprint, bytes, half, tokens, contexts }
  hash.update(JSON.stringify(shape))
  for (const { ids } of chosen)
    hash.update(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength))
  return hash.digest('hex')
}

function emptyDomain(request: DomainRequest): WorkbenchError {
  const documents = request.parts.reduce((sum, part) => sum + part.stored.documents, 0)
  const duplicates = duplicatesIn(request)
  return new WorkbenchError(
    'domain/empty',
    `The domain ${request.name} has no document to measure: ` +
      (request.kind === 'out'
        ? `all ${documents} documents equal training text. Import other text to measure on.`
        : `a share of ${request.share} of ${documents} documents holds out none ` +
          `(${duplicates} were duplicates). Raise "holdOut.share", set it to 0 to measure ` +
          `external domains only, or import text cut into more documents.`),
    { domain: request.name, documents, share: request.share, duplicates }
  )
}

function duplicatesIn({ parts }: DomainRequest): number {
  return parts.reduce((sum, part) => sum + part.duplicates, 0)
}
