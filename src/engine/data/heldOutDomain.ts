/** Makes a held-out domain: which documents it measures, their tokens, bytes and halves. */
import type { DomainKind, HeldOutDomain } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'
import { HELD_OUT } from './allotment'
import type { AllottedPartition, Half } from './allotment'
import { encodeItem, storedItems } from './answeredItems'
import type { StoredItem } from './answeredItems'
import { ENTRY_BYTES } from './corpusIndex'
import { readTexts } from './corpusReader'
import { drawOf } from './documentHash'
import { makeChoices } from './domainChoices'
import { writeDomain } from './domainFolder'
import type { DomainRecord } from './domainFolder'

const DOCUMENTS_PER_READ = 64
/** No token in use spells more characters on average over a text. */
const MOST_CHARACTERS_PER_TOKEN = 16

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
  /** Of a task. */
  item?: StoredItem
}

/**
 * Chooses and tokenises a domain's documents and writes them to `tokens/<fingerprint>/`.
 *
 * Whole documents in the order of their hashes, corpora in the order of their import, until the
 * token cap is reached. Where the document that would pass the cap comes before the domain is half
 * full, its beginning is taken, and that is recorded. Items of a task are taken whole; of them only
 * the right answer is predicted, while the cap counts their context too. Their other answers are
 * measured beside the domain ({@link makeChoices}), and come on top of the cap.
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
  const isTask = request.parts.some(({ stored }) => stored.corpus.isTask)
  const record: Omit<DomainRecord, 'version' | 'width'> = {
    tokens: chosen.map(({ ids, context }) => ids.length - context),
    ...(isTask ? { contexts: chosen.map(({ context }) => context) } : {}),
    bytes: chosen.map(({ bytes }) => bytes),
    half: chosen.map(({ half }) => half),
    isCut: chosen.map(({ isCut }) => isCut)
  }
  const ids = chosen.map((one) => one.ids)
  const fingerprint = await writeDomain(tokensFolder, record, ids, tokenizer)
  const choices = isTask ? await makeChoices(tokensFolder, chosen, tokenizer) : null
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
      ...(isTask ? { contextTokens: chosen.reduce((sum, { context }) => sum + context, 0) } : {}),
      ...(choices ? { choices } : {}),
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
    const items = await storedItems(part.stored)
    for await (const { document, text } of inHashOrder(part)) {
      if (items) {
        const item = items[document]!
        const encoded = await encodeItem(tokenizer, text, item.answerFrom)
        if (encoded.ids.length > left && chosen.length > 0) return chosen
        if (encoded.ids.length === 0 || encoded.ids.length > left) continue
        chosen.push({ ...encoded, text, item, half: part.halfOf(document), isCut: false })
        left -= encoded.ids.length
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
