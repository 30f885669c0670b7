/** All texts of a project as one study sees them: what is trained on, held out, dropped, unused. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { REMAINDER } from '#shared/records'
import type { Corpus, CorpusRole, Study } from '#shared/records'
import { allotDocuments, textName } from '../allotment'
import type { AllottedPartition } from '../allotment'
import { orderDocuments } from '../documentOrder'
import type { OrderedDocument } from '../documentOrder'
import { groupOf } from '../studyText'
import type { Group } from '../studyText'
import { openTokenizer } from '../tokenizerChoice'
import { readStreamRecord, streamFingerprint } from '../tokenStream'
import type { StreamTokenizer, TokenStream } from '../tokenStream'

export interface TextsRequest {
  projectFolder: string
  study: Study
  /** In the order of their import; all of the project's. */
  corpora: readonly Corpus[]
  /** The study's frozen `tokenizer.json`; null before there is one. */
  tokenizerFile: string | null
}

/** One text with the fate of each of its documents. */
export interface OpenText {
  role: CorpusRole
  name: string
  isUsed: boolean
  group: Group
  /** The order of its training documents, and its stream's name; null where it has no stream. */
  ordered: { order: OrderedDocument[]; fingerprint: string } | null
}

/** Texts of a project, open for looking. */
export interface OpenTexts {
  projectFolder: string
  tokenizer: StreamTokenizer | null
  texts: OpenText[]
}

/**
 * Decides of every document as preparation does, without reading any text.
 *
 * @throws WorkbenchError `corpus/missing-field`, `storage/*`, `tokenizer/invalid`
 */
export async function openTexts(request: TextsRequest): Promise<OpenTexts> {
  const { projectFolder, study, corpora } = request
  const tokenizer = tokenizerThere(request)
  const allotted = await allotDocuments(join(projectFolder, 'corpora'), corpora, study)
  const texts: OpenText[] = []
  for (const { role, name, isUsed, parts } of named(study, allotted)) {
    const group = groupOf(name, parts)
    const orderBy = role === 'training' ? study.unit.orderBy : null
    const ordered =
      tokenizer && isUsed && role !== 'evaluation'
        ? await orderOf(group, { randomSeed: study.randomSeed, orderBy }, tokenizer)
        : null
    texts.push({ role, name, isUsed, group, ordered })
  }
  return { projectFolder, tokenizer, texts }
}

/** The token stream of a text; null before it is tokenised. */
export function streamOf(texts: OpenTexts, text: OpenText): TokenStream | null {
  if (!text.ordered) return null
  return readStreamRecord(join(texts.projectFolder, 'tokens'), text.ordered.fingerprint)
}

function tokenizerThere({ study, tokenizerFile }: TextsRequest): StreamTokenizer | null {
  if (tokenizerFile === null || !existsSync(tokenizerFile)) return null
  return openTokenizer(tokenizerFile, study.tokenizer)
}

async function orderOf(
  group: Group,
  study: Parameters<typeof orderDocuments>[1],
  { tokenizer, endOfTextId: end }: StreamTokenizer
): Promise<NonNullable<OpenText['ordered']>> {
  const order = await orderDocuments(group.choices, study)
  const fingerprint = streamFingerprint(group.choices, order, tokenizer.fingerprint, end)
  return { order, fingerprint }
}

/** Stored partitions under the names that a study knows them by, used ones first. */
function named(
  study: Study,
  allotted: readonly AllottedPartition[]
): { role: CorpusRole; name: string; isUsed: boolean; parts: AllottedPartition[] }[] {
  const texts = new Map<string, ReturnType<typeof named>[number]>()
  for (const part of allotted) {
    const { corpus, name: partition } = part.stored
    const { role } = corpus
    const name = textName(corpus, partition)
    const key = `${role}/${name}`
    const there = texts.get(key)
    if (there) there.parts.push(part)
    else texts.set(key, { role, name, isUsed: isUsed(study, corpus, name), parts: [part] })
  }
  const rank = { training: 0, seed: 1, evaluation: 2 }
  return [...texts.values()].sort(
    (a, b) =>
      rank[a.role] - rank[b.role] ||
      Number(b.isUsed) - Number(a.isUsed) ||
      (a.name < b.name ? -1 : 1)
  )
}

function isUsed(study: Study, corpus: Corpus, name: string): boolean {
  if (corpus.role === 'training') {
    return study.partitions === 'all' ? name !== REMAINDER : study.partitions.includes(name)
  }
  if (corpus.role === 'seed') return study.seed.source === 'text' && study.seed.corpus === name
  return study.domains === 'all' || study.domains.includes(corpus.name)
}
