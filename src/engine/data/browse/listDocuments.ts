/** Lists the documents of a text in a stable order, and looks for words in them. */
import type {
  DocumentFilter,
  DocumentLine,
  DocumentList,
  DocumentOrder,
  FoundDocuments
} from '#shared/storedText'
import { entryBytes } from '../corpusIndex'
import { readTexts } from '../corpusReader'
import type { TokenCounts } from './documentTokens'
import type { DocumentFates } from './fates'
import { fieldsAsText, keptFields } from './keptFields'
import type { OpenText } from './openTexts'
import { firstLine, findAround } from './preview'
import { findYearField, yearOf } from '../yearField'

/** A search looks through about so much text per call, and gives at most so many documents. */
const SCANNED_BYTES = 4_000_000
const MOST_FOUND = 200

/** A text as it is listed. */
export interface ListedText {
  text: OpenText
  fates: DocumentFates
  counts: TokenCounts | null
}

/** Place of a document: which part of its text, and its number there. */
interface Place {
  part: number
  document: number
}

/** A page of the list. */
export async function listDocuments(
  listed: ListedText,
  request: { from: number; count: number; order: DocumentOrder; filter: DocumentFilter }
): Promise<DocumentList> {
  const places = inOrder(listed.text, await passing(listed, request.filter), request.order)
  const page = places.slice(request.from, request.from + request.count)
  const lines: DocumentLine[] = page.map(() => null!)
  const wanted = page.map((place, line) => ({ place, line }))
  // Documents of one block are read together, whatever the order of the list.
  wanted.sort((a, b) => a.place.part - b.place.part || a.place.document - b.place.document)
  let next = 0
  for await (const { place, text } of textsAt(
    listed.text,
    wanted.map(({ place }) => place)
  )) {
    lines[wanted[next++]!.line] = await lineOf(listed, place, firstLine(text), 0)
  }
  return { total: places.length, lines }
}

/**
 * Looks through documents in the order of the import, a few megabytes per call: whoever asks goes
 * on from `next`, shows how far it is, and cancels by asking no more. Upper and lower case are one.
 */
export async function searchDocuments(
  listed: ListedText,
  request: { words: string; from: number; filter: DocumentFilter }
): Promise<FoundDocuments> {
  const places = await passing(listed, request.filter)
  const size = ({ part, document }: Place): number =>
    entryBytes(listed.text.group.parts[part]!.stored.index, document)
  const lines: DocumentLine[] = []
  let scannedBytes = 0
  let at = request.from
  for await (const { place, text } of textsAt(listed.text, places.slice(request.from))) {
    const found = findAround(text, request.words)
    if (found) lines.push(await lineOf(listed, place, found.around, found.matches))
    scannedBytes += size(place)
    at += 1
    if (scannedBytes >= SCANNED_BYTES || lines.length >= MOST_FOUND) break
  }
  return {
    lines,
    scannedBytes,
    totalBytes: places.reduce((sum, place) => sum + size(place), 0),
    next: at < places.length ? at : null
  }
}

/** Documents that pass a filter, in the order of the import. */
async function passing(listed: ListedText, filter: DocumentFilter): Promise<Place[]> {
  const { text, fates, counts } = listed
  const isWithin = (value: number, range: { from: number; to: number } | undefined): boolean =>
    range === undefined || (value >= range.from && value <= range.to)
  const fields = filter.years
    ? await Promise.all(text.group.parts.map(({ stored }) => keptFields(stored)))
    : null
  const yearField = fields && findYearField(fields.flat())
  const isOfYears = (part: number, document: number): boolean => {
    if (!fields) return true
    const kept = fields[part]![document]
    const year = kept && yearField ? yearOf(kept, yearField) : null
    return year !== null && isWithin(year, filter.years)
  }
  const places: Place[] = []
  for (const [part, { stored }] of text.group.parts.entries()) {
    for (let document = 0; document < stored.documents; document++) {
      const passes =
        isWithin(entryBytes(stored.index, document), filter.bytes) &&
        (!filter.tokens || (counts && isWithin(counts[part]![document]!, filter.tokens))) &&
        (!filter.fate || fates.of(part, document) === filter.fate) &&
        isOfYears(part, document)
      if (passes) places.push({ part, document })
    }
  }
  return places
}

function inOrder(text: OpenText, places: Place[], order: DocumentOrder): Place[] {
  if (order === 'import') return places
  const sign = order === 'longest' ? -1 : 1
  const sizes = places.map(({ part, document }) =>
    entryBytes(text.group.parts[part]!.stored.index, document)
  )
  return Array.from(places.keys())
    .sort((a, b) => sign * (sizes[a]! - sizes[b]!) || a - b)
    .map((index) => places[index]!)
}

/** Texts of documents, ordered by part and number. */
async function* textsAt(
  { group }: OpenText,
  places: readonly Place[]
): AsyncGenerator<{ place: Place; text: string }> {
  for (const [part, { stored }] of group.parts.entries()) {
    const documents = places.filter((place) => place.part === part).map((one) => one.document)
    for await (const { document, text } of readTexts(stored, documents)) {
      yield { place: { part, document }, text }
    }
  }
}

async function lineOf(
  { text, fates, counts }: ListedText,
  { part, document }: Place,
  preview: string,
  matches: number
): Promise<DocumentLine> {
  const { stored } = text.group.parts[part]!
  return {
    corpus: stored.corpus.name,
    partition: stored.name,
    document,
    bytes: entryBytes(stored.index, document),
    tokens: counts ? counts[part]![document]! : null,
    fate: fates.of(part, document),
    unit: fates.unitOf(part, document),
    fields: fieldsAsText((await keptFields(stored))[document]),
    preview,
    matches
  }
}
