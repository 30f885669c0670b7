/** How much of each held-out domain stands in each partition's training text. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { HeldOutDomain, Overlap } from '#shared/records'
import { makeFolder } from '#engine/storage/files'
import { readCache, writeCache } from '#engine/storage/sealedFiles'
import { readTexts } from './corpusReader'
import type { DocumentChoice } from './documentOrder'
import { visitGrams } from './ngrams'

const OVERLAP_FORMAT = 2

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

/** The grams of all domains, numbered once: texts are looked through many times. */
interface KnownGrams {
  numbers: Map<number, number>
  domains: DomainGrams[]
}

interface DomainGrams {
  fingerprint: string
  name: string
  /** Numbers of its distinct grams, and the places among them of those that each document has. */
  grams: Uint32Array
  documents: Uint32Array[]
}

/** Per domain, by fingerprint: places among its grams that a text holds too; mostly few. */
type SharedPlaces = Record<string, number[]>

/**
 * Reports the overlap of every partition with every domain, and marks the documents that have over
 * half of their 13-grams in the training text as a whole.
 *
 * What is found in a text is kept in `cache/`, so a new partition costs one pass over its own text,
 * and one over the others for the domain that comes with it. Documents of fewer than 13 words have
 * no gram and are never marked; equal ones are dropped beforehand anyway.
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
  const known = gramsOf(domains)
  const unions = known.domains.map(({ grams }) => new Uint8Array(grams.length))
  const overlaps: Overlap[] = []
  for (const text of training) {
    const shared = await sharedGrams(projectFolder, text, known, hooks)
    for (const [index, domain] of known.domains.entries()) {
      const places = shared[domain.fingerprint]!
      for (const place of places) unions[index]![place] = 1
      overlaps.push(overlapRow(text.partition, domain, places))
    }
  }
  const marks = known.domains.map((domain, index) => markDocuments(domain, unions[index]!))
  return { overlaps, marks }
}

function gramsOf(texts: readonly DomainTexts[]): KnownGrams {
  const numbers = new Map<number, number>()
  const numberOf = (gram: number): number => {
    const known = numbers.get(gram)
    if (known !== undefined) return known
    numbers.set(gram, numbers.size)
    return numbers.size - 1
  }
  const domains = texts.map(({ domain: { fingerprint, name }, texts: of }) => {
    const places = new Map<number, number>()
    const documents = of.map((text) => {
      const ofDocument = new Set<number>()
      visitGrams(text, (gram) => {
        const number = numberOf(gram)
        if (!places.has(number)) places.set(number, places.size)
        ofDocument.add(places.get(number)!)
      })
      return Uint32Array.from(ofDocument)
    })
    return { fingerprint, name, grams: Uint32Array.from(places.keys()), documents }
  })
  return { numbers, domains }
}

/** What a text shares with each domain, as it was found before, or by looking through it. */
async function sharedGrams(
  projectFolder: string,
  text: TrainingText,
  known: KnownGrams,
  hooks: { onTextBytes?: (count: number) => void; signal?: AbortSignal }
): Promise<SharedPlaces> {
  const path = foundPath(projectFolder, text)
  const before = ((await readCache(path)) ?? {}) as SharedPlaces
  const unseen = known.domains.filter(({ fingerprint }) => !(fingerprint in before))
  if (unseen.length === 0) return before
  const isThere = await gramsIn(text, known.numbers, hooks)
  const found = unseen.map(({ fingerprint, grams }): [string, number[]] => {
    const places: number[] = []
    grams.forEach((number, place) => {
      if (isThere[number] === 1) places.push(place)
    })
    return [fingerprint, places]
  })
  const shared = { ...before, ...Object.fromEntries(found) }
  await writeCache(path, shared)
  return shared
}

/** A byte per numbered gram: 1 where the text has it. */
async function gramsIn(
  text: TrainingText,
  numbers: ReadonlyMap<number, number>,
  hooks: { onTextBytes?: (count: number) => void; signal?: AbortSignal }
): Promise<Uint8Array> {
  const isThere = new Uint8Array(numbers.size)
  for (const { stored, documents } of text.choices) {
    for await (const one of readTexts(stored, documents)) {
      hooks.signal?.throwIfAborted()
      visitGrams(one.text, (gram) => {
        const number = numbers.get(gram)
        if (number !== undefined) isThere[number] = 1
      })
      hooks.onTextBytes?.(Buffer.byteLength(one.text))
    }
  }
  return isThere
}

function foundPath(projectFolder: string, text: TrainingText): string {
  const hash = createHash('sha256').update(`${OVERLAP_FORMAT} ${text.stream}`).digest('hex')
  return join(projectFolder, 'cache', `overlap-text-${hash}.json`)
}

function overlapRow(partition: string, domain: DomainGrams, places: readonly number[]): Overlap {
  const shared = new Uint8Array(places.length === 0 ? 0 : domain.grams.length)
  for (const place of places) shared[place] = 1
  return {
    partition,
    domain: domain.name,
    grams: domain.grams.length,
    sharedGrams: places.length,
    documents: domain.documents.length,
    overlappingDocuments:
      places.length === 0 ? 0 : markDocuments(domain, shared).filter(Boolean).length
  }
}

function markDocuments(domain: DomainGrams, shared: Uint8Array): boolean[] {
  return domain.documents.map((grams) => {
    const found = grams.reduce((sum, gram) => sum + shared[gram]!, 0)
    return found > grams.length / 2
  })
}
