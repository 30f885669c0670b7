/** Reads held-out domains back: tokens to measure on, and what is known of each document. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DomainDocuments, HeldOutDomain, Prepared } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { readBytes, readText } from '#engine/storage/reading'
import { assertNotNewer, assertSound, parseRecord, readCache } from '#engine/storage/sealedFiles'
import { DOMAIN_FORMAT } from './domainFolder'
import type { AnswerPlaces, DomainRecord } from './domainFolder'
import { unpackTokens } from './tokenFiles'

/** Documents of a domain as they are measured. */
export interface DomainTokens {
  /** Token ids of each, without any end-of-text. */
  documents: Int32Array[]
  /** Of a task: leading ids of each item that are seen and not scored. */
  contexts?: number[]
}

/**
 * Token ids of each document of a domain.
 *
 * @param fingerprint the domain's
 * @throws WorkbenchError `storage/missing`
 */
export async function readDomainTokens(
  projectFolder: string,
  fingerprint: string
): Promise<DomainTokens> {
  return tokensOf(await readRecord(projectFolder, fingerprint))
}

async function tokensOf({ record, folder }: StoredDomain): Promise<DomainTokens> {
  const ids = unpackTokens(await readBytes(join(folder, 'tokens.bin')), record.width)
  const { tokens, contexts } = record
  let at = 0
  const documents = tokens.map((count, document) =>
    ids.slice(at, (at += count + (contexts?.[document] ?? 0)))
  )
  return { documents, ...(contexts ? { contexts } : {}) }
}

/** Scored tokens of each document. */
export function scoredTokens({ documents, contexts }: DomainTokens): number[] {
  return documents.map((ids, document) => ids.length - (contexts?.[document] ?? 0))
}

/**
 * Everything known of a domain's documents: ids, predicted tokens, bytes, halves, and which stand
 * in training text for over half of their 13-grams.
 *
 * @throws WorkbenchError `study/missing-domain`, `storage/missing`
 */
export async function readDomainDocuments(
  projectFolder: string,
  prepared: Prepared,
  name: string
): Promise<DomainDocuments & DomainTokens> {
  const domain = prepared.domains.find((one) => one.name === name)
  if (!domain) {
    const found = prepared.domains.map((one) => one.name)
    throw new WorkbenchError(
      'study/missing-domain',
      `There is no domain "${name}". Domains of the study: ${found.join(', ')}.`,
      { domain: name, found }
    )
  }
  const stored = await readRecord(projectFolder, domain.fingerprint)
  const marks = overlapMarksPath(projectFolder, prepared, domain.fingerprint)
  const kept = (await readCache(marks)) as OverlapMarks | null
  if (!kept) throw missing(marks)
  const { tokens, bytes, half } = stored.record
  return { tokens, bytes, half, isOverlapping: kept.isOverlapping, ...(await tokensOf(stored)) }
}

/** The other answers to a task's items: whose each is, which, and what it spells. */
export interface OtherAnswers extends AnswerPlaces {
  /** UTF-8 bytes of what the answer's ids spell. */
  bytes: number[]
}

/**
 * What is known of the other answers to a domain's items; null where it has none.
 *
 * @throws WorkbenchError `storage/missing`, `storage/corrupt`
 */
export async function readOtherAnswers(
  projectFolder: string,
  { choices }: Pick<HeldOutDomain, 'choices'>
): Promise<OtherAnswers | null> {
  if (!choices) return null
  const { record } = await readRecord(projectFolder, choices.fingerprint)
  return { ...record.choices!, bytes: record.bytes }
}

/** Marks of a domain's documents against all training text of a study. */
export interface OverlapMarks {
  isOverlapping: boolean[]
}

/** Where the marks of a domain lie: named by it and by the training text it is held against. */
export function overlapMarksPath(
  projectFolder: string,
  prepared: Pick<Prepared, 'partitions' | 'seed'>,
  domain: string
): string {
  const streams = [...prepared.partitions, ...(prepared.seed ? [prepared.seed] : [])].flatMap(
    (partition) => partition.baseUnits.slice(0, 1).map((unit) => unit.tokens)
  )
  const key = JSON.stringify({ marks: 1, domain, streams: [...new Set(streams)].sort() })
  return join(
    projectFolder,
    'cache',
    `overlap-${createHash('sha256').update(key).digest('hex')}.json`
  )
}

interface StoredDomain {
  record: DomainRecord
  folder: string
}

async function readRecord(projectFolder: string, fingerprint: string): Promise<StoredDomain> {
  const folder = join(projectFolder, 'tokens', fingerprint)
  const path = join(folder, 'documents.json')
  if (!existsSync(path)) throw missing(path)
  await assertSound(folder)
  const record = parseRecord(await readText(path), path) as DomainRecord
  assertNotNewer(path, record, DOMAIN_FORMAT)
  return { record, folder }
}

function missing(path: string): WorkbenchError {
  return new WorkbenchError(
    'storage/missing',
    `${path} is missing. Delete the project's folder "cache" and run again: prepared text is ` +
      `made anew from the stored corpora.`,
    { path }
  )
}
