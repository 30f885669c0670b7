/** How long the documents of every text are, in bytes and tokens, and of which years. */
import type { Progress } from '#shared/records'
import type { TextLengths } from '#shared/storedText'
import { entryBytes } from '../corpusIndex'
import { ReadMeter, progressOf } from '../readProgress'
import { bytesToTokenize, countTokens } from './documentTokens'
import type { TokenCounts } from './documentTokens'
import { keptFields } from './keptFields'
import { lengthBins, median } from './lengthBins'
import type { OpenText, OpenTexts } from './openTexts'
import { findYearField, yearOf } from '../yearField'

export interface LengthsHooks {
  /** False in a project that is open for reading only: counts are then made anew each time. */
  mayWrite: boolean
  /** Tokens per document where they were counted before. */
  find: (text: OpenText) => Promise<TokenCounts | null>
  /** Remembers counts beyond this call. */
  keep: (text: OpenText, counts: TokenCounts) => void
  onProgress?: (progress: Progress) => void
  signal?: AbortSignal
}

/**
 * Measures all documents of all texts, duplicates and held-out ones too. Tokens of used texts are
 * counted, once for ever.
 */
export async function readLengths(texts: OpenTexts, hooks: LengthsHooks): Promise<TextLengths[]> {
  const { tokenizer } = texts
  const known = new Map<OpenText, TokenCounts>()
  for (const text of texts.texts) {
    const counts = await hooks.find(text)
    if (counts) known.set(text, counts)
  }
  const missing = texts.texts.filter((text) => text.isUsed && !known.has(text))
  if (tokenizer && missing.length > 0) {
    const bytes = missing.reduce((sum, text) => sum + bytesToTokenize(texts, text), 0)
    const meter = new ReadMeter(bytes, (progress) =>
      hooks.onProgress?.(progressOf('count tokens', 'documents', progress))
    )
    for (const text of missing) {
      const counts = await countTokens(texts, text, tokenizer, {
        mayWrite: hooks.mayWrite,
        onTextBytes: meter.addBytes,
        ...(hooks.signal ? { signal: hooks.signal } : {})
      })
      known.set(text, counts)
    }
    meter.finish()
  }
  const lengths: TextLengths[] = []
  for (const text of texts.texts) {
    const counts = known.get(text) ?? null
    if (counts) hooks.keep(text, counts)
    lengths.push(await lengthsOf(text, counts))
  }
  return lengths
}

async function lengthsOf(text: OpenText, counts: TokenCounts | null): Promise<TextLengths> {
  const { parts } = text.group
  const bytes = parts.flatMap(({ stored }) =>
    Array.from({ length: stored.documents }, (_, document) => entryBytes(stored.index, document))
  )
  const tokens = counts?.flatMap((ofPart) => Array.from(ofPart)) ?? null
  const fields = (await Promise.all(parts.map(({ stored }) => keptFields(stored)))).flat()
  const yearField = findYearField(fields)
  return {
    role: text.role,
    name: text.name,
    bytes: lengthBins(bytes),
    tokens: tokens && lengthBins(tokens),
    medianBytes: median(bytes),
    medianTokens: tokens && median(tokens),
    yearField,
    years: yearField === null ? [] : countYears(fields, yearField)
  }
}

function countYears(fields: readonly Record<string, unknown>[], field: string) {
  const documents = new Map<number, number>()
  for (const one of fields) {
    const year = yearOf(one, field)
    if (year !== null) documents.set(year, (documents.get(year) ?? 0) + 1)
  }
  return [...documents]
    .map(([year, count]) => ({ year, documents: count }))
    .sort((a, b) => a.year - b.year)
}
