/** How much of each held-out domain stands in each partition's training text. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HeldOutDomain, Overlap } from '#shared/records'
import { makeFolder, writeFileAtomic } from '#engine/storage/files'
import { readTexts } from './corpusReader'
import type { DocumentChoice } from './documentOrder'
import { visitGrams } from './ngrams'

const OVERLAP_FORMAT = 1

/** Training text to look in. */
export interface TrainingText {
  partition: string
  /** Fingerprint of its token stream. */
  stream: string
  choices: readonly DocumentChoice[]
}

/** A domain with the texts it measures. */
export interface DomainTexts {
  domain: HeldOutDomain
  texts: readonly string[]
}

/** A domain's distinct grams, numbered, and which of them each document has. */
interface DomainGrams {
  fingerprint: string
  name: string
  grams: number[]
  documents: Uint32Array[]
}

/**
 * Reports the overlap of every partition with every domain, and marks the documents that have over
 * half of their 13-grams in the training text as a whole.
 *
 * Each pair is kept in `cache/`, so a new partition costs one pass over its own text only.
 * Documents of fewer than 13 words have no gram and are never marked; equal ones are dropped
 * beforehand anyway.
 *
 * @returns rows, and per domain a mark for each document
 * @see Brown et al. 2020, arXiv 2005.14165, appendix C
 */
export async function findOverlaps(
  projectFolder: string,
  training: readonly TrainingText[],
  domains: readonly DomainTexts[],
  hooks: { onTextBytes?: (count: number) => void; signal?: AbortSignal } = {}
): Promise<{ overlaps: Overlap[]; marks: boolean[][] }> {
  await makeFolder(join(projectFolder, 'cache'))
  const known = domains.map(({ domain, texts }) => gramsOfDomain(domain, texts))
  const unions = known.map(({ grams }) => new Uint8Array(grams.length))
  const overlaps: Overlap[] = []
  for (const text of training) {
    const shared = await sharedGrams(projectFolder, text, known, hooks)
    for (const [index, domain] of known.entries()) {
      shared[index]!.forEach((isShared, gram) => (unions[index]![gram]! |= isShared))
      overlaps.push(overlapRow(text.partition, domain, shared[index]!))
    }
  }
  return { overlaps, marks: known.map((domain, index) => markDocuments(domain, unions[index]!)) }
}

function gramsOfDomain(domain: HeldOutDomain, texts: readonly string[]): DomainGrams {
  const numbers = new Map<number, number>()
  const documents = texts.map((text) => {
    const ofDocument = new Set<number>()
    visitGrams(text, (gram) => {
      let number = numbers.get(gram)
      if (number === undefined) {
        number = numbers.size
        numbers.set(gram, number)
      }
      ofDocument.add(number)
    })
    return Uint32Array.from(ofDocument)
  })
  const { fingerprint, name } = domain
  return { fingerprint, name, grams: [...numbers.keys()], documents }
}

/** Per domain a byte per gram: 1 where the partition has it. */
async function sharedGrams(
  projectFolder: string,
  text: TrainingText,
  domains: readonly DomainGrams[],
  hooks: { onTextBytes?: (count: number) => void; signal?: AbortSignal }
): Promise<Uint8Array[]> {
  const paths = domains.map((domain) => pairPath(projectFolder, text, domain))
  if (paths.every((path) => existsSync(path))) {
    return Promise.all(paths.map((path, index) => readPair(path, domains[index]!)))
  }
  const seen = await gramsSeen(text, domains, hooks)
  const shared = domains.map(({ grams }) =>
    Uint8Array.from(grams, (gram) => (seen.get(gram) === true ? 1 : 0))
  )
  for (const [index, path] of paths.entries()) {
    const bits = Buffer.from(shared[index]!.buffer).toString('base64')
    if (!existsSync(path)) await writeFileAtomic(path, JSON.stringify({ shared: bits }) + '\n')
  }
  return shared
}

async function gramsSeen(
  text: TrainingText,
  domains: readonly DomainGrams[],
  hooks: { onTextBytes?: (count: number) => void; signal?: AbortSignal }
): Promise<Map<number, boolean>> {
  const seen = new Map<number, boolean>()
  for (const { grams } of domains) for (const gram of grams) seen.set(gram, false)
  for (const { stored, documents } of text.choices) {
    for await (const one of readTexts(stored, documents)) {
      hooks.signal?.throwIfAborted()
      visitGrams(one.text, (gram) => {
        if (seen.get(gram) === false) seen.set(gram, true)
      })
      hooks.onTextBytes?.(Buffer.byteLength(one.text))
    }
  }
  return seen
}

function pairPath(projectFolder: string, text: TrainingText, domain: DomainGrams): string {
  const key = `${OVERLAP_FORMAT} ${text.stream} ${domain.fingerprint}`
  const hash = createHash('sha256').update(key).digest('hex')
  return join(projectFolder, 'cache', `overlap-pair-${hash}.json`)
}

async function readPair(path: string, domain: DomainGrams): Promise<Uint8Array> {
  const { shared } = JSON.parse(await readFile(path, 'utf8')) as { shared: string }
  const bytes = new Uint8Array(domain.grams.length)
  bytes.set(Buffer.from(shared, 'base64').subarray(0, bytes.length))
  return bytes
}

function overlapRow(partition: string, domain: DomainGrams, shared: Uint8Array): Overlap {
  return {
    partition,
    domain: domain.name,
    grams: shared.length,
    sharedGrams: shared.reduce((sum, bit) => sum + bit, 0),
    documents: domain.documents.length,
    overlappingDocuments: markDocuments(domain, shared).filter(Boolean).length
  }
}

function markDocuments(domain: DomainGrams, shared: Uint8Array): boolean[] {
  return domain.documents.map((grams) => {
    const found = grams.reduce((sum, gram) => sum + shared[gram]!, 0)
    return found > grams.length / 2
  })
}
