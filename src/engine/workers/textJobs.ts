/** Looks at stored text for a screen: what there is, how long, which documents, what they say. */
import { describeTexts } from '#engine/data/browse/describeTexts'
import { findTokenCounts } from '#engine/data/browse/documentTokens'
import type { TokenCounts } from '#engine/data/browse/documentTokens'
import { documentFates } from '#engine/data/browse/fates'
import type { DocumentFates } from '#engine/data/browse/fates'
import { listDocuments, searchDocuments } from '#engine/data/browse/listDocuments'
import type { ListedText } from '#engine/data/browse/listDocuments'
import { openTexts, streamOf } from '#engine/data/browse/openTexts'
import type { OpenText, OpenTexts } from '#engine/data/browse/openTexts'
import { readDocument, textOf } from '#engine/data/browse/readDocument'
import { readLengths } from '#engine/data/browse/readLengths'
import { fingerprintOf } from '#engine/storage/fingerprint'
import { WorkbenchError } from '#shared/errors'
import type { StoredTexts, TextName } from '#shared/storedText'
import type { JobHooks, Jobs, StudyText } from './jobs'

/** Texts of the study looked at last: opening them again would take a moment for each page. */
let open: { key: string; texts: Promise<OpenTexts> } | null = null
const counted = new WeakMap<OpenText, TokenCounts>()

type TextJob<Kind extends keyof Jobs> = (
  input: Jobs[Kind]['input'],
  hooks: JobHooks
) => Promise<Jobs[Kind]['result']>

/** All texts, and where their documents go. */
export const describeStoredTexts: TextJob<'texts'> = async ({ of }) => describe(await textsOf(of))

/** Lengths and years of all texts; counts tokens that were not counted before. */
export const measureTexts: TextJob<'lengths'> = async ({ of }, { signal, onProgress }) => {
  const texts = await textsOf(of)
  const lengths = await readLengths(texts, {
    mayWrite: of.mayWrite,
    find: (text) => countsOf(texts, text),
    keep: (text, counts) => counted.set(text, counts),
    onProgress,
    signal
  })
  return { ...(await describe(texts)), lengths }
}

/** A page of a text's documents. */
export const listStoredDocuments: TextJob<'documents'> = async ({ of, request }) =>
  listDocuments(await listed(await textsOf(of), request.text, of), request)

/** Documents with some words, looked for a few megabytes at a time. */
export const searchStoredDocuments: TextJob<'search'> = async ({ of, request }) =>
  searchDocuments(await listed(await textsOf(of), request.text, of), request)

/** One document. */
export const readStoredDocument: TextJob<'document'> = async ({ of, request }) => {
  const { withTokens, ...name } = request
  const texts = await textsOf(of)
  const text = textOf(texts, name)
  return readDocument(texts, text, await fatesOf(texts, text, of), name, withTokens)
}

function textsOf({ project, study, corpora, tokenizerFile }: StudyText): Promise<OpenTexts> {
  const key = fingerprintOf({
    project,
    tokenizerFile,
    corpora: corpora.map(({ name, fingerprint, role }) => ({ name, fingerprint, role })),
    // How text is cut into units decides nothing here but the order before it.
    orderBy: study.unit.orderBy,
    tokenizer: study.tokenizer,
    seed: study.seed.source === 'text' ? study.seed.corpus : null,
    partitions: study.partitions,
    shuffledPartitions: study.shuffledPartitions,
    domains: study.domains,
    holdOut: study.holdOut,
    duplicates: study.duplicates,
    randomSeed: study.randomSeed
  })
  if (open?.key === key) return open.texts
  const request = { projectFolder: project, study, corpora, tokenizerFile }
  const texts = openTexts(request)
  open = { key, texts }
  texts.catch(() => {
    if (open?.key === key) open = null
  })
  return texts
}

function describe(texts: OpenTexts): Promise<StoredTexts> {
  return describeTexts(texts, (text) => countsOf(texts, text))
}

async function listed(texts: OpenTexts, name: TextName, of: StudyText): Promise<ListedText> {
  const text = texts.texts.find((one) => one.role === name.role && one.name === name.name)
  if (!text) {
    throw new WorkbenchError(
      'study/missing-partition',
      `There is no ${name.role} text "${name.name}" in the project.`,
      { ...name, found: texts.texts.map((one) => one.name) }
    )
  }
  return { text, counts: await countsOf(texts, text), fates: await fatesOf(texts, text, of) }
}

async function countsOf(texts: OpenTexts, text: OpenText): Promise<TokenCounts | null> {
  const there = counted.get(text)
  if (there || !text.isUsed) return there ?? null
  const found = await findTokenCounts(texts, text)
  if (found) counted.set(text, found)
  return found
}

async function fatesOf(texts: OpenTexts, text: OpenText, of: StudyText): Promise<DocumentFates> {
  return documentFates(text, of.study, streamOf(texts, text), await countsOf(texts, text))
}
