/** Decides of every document in a project: trained on, held out, or dropped as a duplicate. */
import { createHash } from 'node:crypto'
import type { Corpus, Study } from '#shared/records'
import { openPartition, readKeptFields } from './corpusReader'
import type { StoredPartition } from './corpusReader'
import { CONTENT_HASH_BYTES, drawOf } from './documentHash'
import { ENTRY_BYTES, entryBytes } from './corpusIndex'
import { fieldNotKept } from './documentOrder'
import { createHashTable } from './hashTable'
import type { HashTable } from './hashTable'
import { fieldAt } from './fields'

/** What becomes of a document. */
export const TRAINING = 0
export const HELD_OUT = 1
export const DUPLICATE = 2

/** The half of a domain that a held-out document counts to. */
export type Half = 'choose' | 'confirm'

/** One partition of one corpus, with the fate of each of its documents. */
export interface AllottedPartition {
  stored: StoredPartition
  /** TRAINING, HELD_OUT or DUPLICATE per document. */
  fates: Uint8Array
  halfOf(document: number): Half
  duplicates: number
  duplicateBytes: number
}

/** As what an equal document was met before. */
const SEEN_IN_UNITS = 1
const SEEN_IN_SEED = 2
const SEEN_HELD_OUT = 4

/**
 * Walks all corpora in the order of their import; of two equal documents on different sides the
 * newcomer is dropped, so nothing that is already fingerprinted ever changes.
 *
 * Every corpus is walked, wanted by the study or not: otherwise the choice of partitions would
 * change the text of others. Seed text never equals training text; equal held-out documents are
 * dropped within one domain only, since measuring a text twice in two domains harms neither.
 *
 * @param corpora in the order of their import
 * @throws WorkbenchError `corpus/missing-field` when `holdOut.by` was not kept at import
 */
export async function allotDocuments(
  corporaFolder: string,
  corpora: readonly Corpus[],
  study: Pick<Study, 'holdOut' | 'duplicates'>,
  signal?: AbortSignal
): Promise<AllottedPartition[]> {
  const seen = createHashTable(corpora.reduce((sum, corpus) => sum + corpus.documents, 0))
  const domains = new Map<string, HashTable>()
  const allotted: AllottedPartition[] = []
  for (const corpus of corpora) {
    for (const { name } of corpus.partitions) {
      signal?.throwIfAborted()
      const stored = await openPartition(corporaFolder, corpus, name)
      const { draw, half } = await holdOutDraws(stored, study.holdOut.by)
      const key = domainKey(corpus, name)
      const ofDomain = domains.get(key) ?? createHashTable(mostHeldOut(corpora, key))
      domains.set(key, ofDomain)
      const isHeldOut = (document: number): boolean =>
        corpus.role === 'evaluation' || draw(document) < study.holdOut.share
      allotted.push({ ...allotPartition(stored, isHeldOut, seen, ofDomain, study), halfOf: half })
    }
  }
  return allotted
}

function allotPartition(
  stored: StoredPartition,
  isHeldOut: (document: number) => boolean,
  seen: HashTable,
  ofDomain: HashTable,
  study: Pick<Study, 'duplicates'>
): Omit<AllottedPartition, 'halfOf'> {
  const isSeed = stored.corpus.role === 'seed'
  const sameSide = isSeed ? SEEN_IN_SEED : SEEN_IN_UNITS
  const otherSides = isSeed ? SEEN_IN_UNITS | SEEN_HELD_OUT : SEEN_IN_SEED | SEEN_HELD_OUT
  const refusedText = study.duplicates === 'remove' ? sameSide | otherSides : otherSides
  const fates = new Uint8Array(stored.documents)
  let duplicates = 0
  let duplicateBytes = 0
  for (let document = 0; document < stored.documents; document++) {
    const at = document * ENTRY_BYTES
    const before = seen.get(stored.index, at)
    const heldOut = isHeldOut(document)
    const isRefused = heldOut
      ? (before & (SEEN_IN_UNITS | SEEN_IN_SEED)) !== 0 || ofDomain.get(stored.index, at) !== 0
      : (before & refusedText) !== 0
    if (isRefused) {
      fates[document] = DUPLICATE
      duplicates += 1
      duplicateBytes += entryBytes(stored.index, document)
      continue
    }
    fates[document] = heldOut ? HELD_OUT : TRAINING
    seen.add(stored.index, at, heldOut ? SEEN_HELD_OUT : sameSide)
    if (heldOut) ofDomain.add(stored.index, at, 1)
  }
  return { stored, fates, duplicates, duplicateBytes }
}

/** Documents that a domain could hold at most. */
function mostHeldOut(corpora: readonly Corpus[], key: string): number {
  return corpora
    .flatMap((corpus) =>
      corpus.partitions.map(({ name, documents }) => ({ corpus, name, documents }))
    )
    .filter(({ corpus, name }) => domainKey(corpus, name) === key)
    .reduce((sum, { documents }) => sum + documents, 0)
}

/** Names the domain that a partition's held-out documents belong to. */
export function domainKey(corpus: Corpus, partition: string): string {
  return `${corpus.role}/${textName(corpus, partition)}`
}

/** What a study calls the text of a stored partition. */
export function textName(corpus: Corpus, partition: string): string {
  if (corpus.role === 'training') return partition
  if (corpus.role === 'seed') return corpus.name
  return evaluationDomainName(corpus, partition)
}

/** An evaluation corpus is one domain; one of several partitions is one domain for each. */
export function evaluationDomainName(corpus: Corpus, partition: string): string {
  return corpus.partitions.length === 1 ? corpus.name : `${corpus.name}/${partition}`
}

/** The draws that hold a document out and choose its half: its own, or those of a field's value. */
async function holdOutDraws(
  stored: StoredPartition,
  by: string | null
): Promise<{ draw(document: number): number; half(document: number): Half }> {
  const at = (document: number): number => document * ENTRY_BYTES
  let hashes = stored.index
  let place = at
  if (by !== null && stored.corpus.role !== 'evaluation') {
    const fields = await readKeptFields(stored)
    if (fields.length < stored.documents || fieldAt(fields[0]!, by) === undefined) {
      throw fieldNotKept(stored, by)
    }
    hashes = Buffer.alloc(stored.documents * CONTENT_HASH_BYTES)
    fields.forEach((values, document) =>
      hashOfGroup(values, by, stored, document).copy(hashes, document * CONTENT_HASH_BYTES)
    )
    place = (document) => document * CONTENT_HASH_BYTES
  }
  return {
    draw: (document) => drawOf(hashes, place(document), 'holdOut'),
    half: (document) => (drawOf(hashes, place(document), 'half') < 0.5 ? 'choose' : 'confirm')
  }
}

/** Documents without a value stand for themselves. */
function hashOfGroup(
  fields: Record<string, unknown>,
  by: string,
  stored: StoredPartition,
  document: number
): Buffer {
  const value = fieldAt(fields, by)
  if (value === null || value === undefined) {
    return stored.index.subarray(
      document * ENTRY_BYTES,
      document * ENTRY_BYTES + CONTENT_HASH_BYTES
    )
  }
  return createHash('sha256')
    .update(`hold out ${JSON.stringify(value)}`)
    .digest()
}
