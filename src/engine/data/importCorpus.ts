/** Takes text into a project: whole, or not at all. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CorpusSchema } from '#shared/records'
import type { Corpus } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { FolderDraft } from '#engine/storage/files'
import { CorpusWriter } from './corpusWriter'
import type { SourcePlace } from './corpusWriter'
import { fieldAt } from './fields'
import { partitioned } from './partitionedDocuments'
import type { ImportHooks, ImportRequest, Sample } from './partitionedDocuments'
import { checkMatched, checkPartitionCount } from './partitionRules'
import { progressOf } from './readProgress'
import type { SourceDocument } from './sourceDocument'
import { findSources } from './sources'
import type { SourceFile } from './sources'
import { chooseSample } from './takeSample'
import { TASK_FIELDS } from './taskItems'

/** Version of a corpus folder's layout. */
export const CORPUS_FORMAT = 1

/** Values of a range's field that an error shows. */
const EXAMPLES = 5

/** Bytes of text per token, where nothing better is known. */
export const BYTES_PER_TOKEN = 4
/**
 * Imports documents into `corpora/<fingerprint>/`, streaming.
 *
 * Every document with text ends in exactly one partition, the remainder counting as one, so the
 * ledger's documents and bytes add up to the corpus's. The fingerprint is over partition names and
 * the documents' content in order, not over paths. An abort leaves nothing behind.
 *
 * @param corporaFolder `corpora` of the project
 * @throws WorkbenchError `corpus/*`, `partition/invalid`, `usage/invalid`, `storage/*`
 */
export async function importCorpus(
  request: ImportRequest,
  corporaFolder: string,
  hooks: ImportHooks = {}
): Promise<Corpus> {
  const files = await findSources(request.paths)
  if (request.inPlace) checkInPlace(request, files)
  const sample =
    request.take !== undefined
      ? await chooseSample(files, request, request.take * BYTES_PER_TOKEN, hooks)
      : null
  const draft = await FolderDraft.begin(join(corporaFolder, 'import'))
  try {
    const corpus = await writeCorpus(request, files, sample, draft, hooks)
    hooks.signal?.throwIfAborted()
    await draft.seal()
    // One that is there already stays: of text in place another corpus may read its sources by it.
    await draft.commit({ target: join(corporaFolder, corpus.fingerprint) })
    return corpus
  } catch (error) {
    await draft.discard()
    throw error
  }
}

async function writeCorpus(
  request: ImportRequest,
  files: SourceFile[],
  sample: Sample | null,
  draft: FolderDraft,
  hooks: ImportHooks
): Promise<Corpus> {
  const keepFields = [...(request.keepFields ?? []), ...(request.task ? TASK_FIELDS : [])]
  const writer = await CorpusWriter.begin(draft, keepFields.length > 0)
  const counts = { empty: 0, badLines: 0 }
  const examples = new Set<string>()
  let firstBad: WorkbenchError | null = null
  const onBadLine = (error: WorkbenchError): void => {
    firstBad ??= error
    counts.badLines += 1
  }
  for await (const { document, partition, source } of partitioned(files, request, sample, {
    ...(hooks.signal ? { signal: hooks.signal } : {}),
    onProgress: (progress) => hooks.onProgress?.(progressOf('import', request.name, progress)),
    onBadLine,
    onEmpty: () => (counts.empty += 1)
  })) {
    const place: SourcePlace | null = request.inPlace
      ? { source, offset: document.offset!, length: document.length! }
      : null
    if (examples.size < EXAMPLES && request.partition.kind === 'range') {
      examples.add(JSON.stringify(fieldAt(document.fields, request.partition.field) ?? null))
    }
    await writer.add(partition, document.text, keptFields(document, keepFields), place)
    checkPartitionCount(writer.partitionNames.length, request.partition)
  }
  checkMatched(writer.partitionNames, request.partition, [...examples])
  const partitions = await writer.finish()
  const ledger = partitions.map(({ name, documents, bytes }) => ({ name, documents, bytes }))
  const documents = ledger.reduce((sum, one) => sum + one.documents, 0)
  if (documents === 0) throw firstBad ?? emptyCorpus(files, counts.empty)
  const tokenizer = request.tokenized ? await tokenizerOf(request.tokenized.tokenizerFile) : null
  const corpus = CorpusSchema.parse({
    name: request.name,
    role: request.role,
    ...(request.domainKind ? { domainKind: request.domainKind } : {}),
    fingerprint: fingerprintOfCorpus(partitions, request),
    source: request.source ?? request.paths.join(', '),
    inPlace: request.inPlace ?? false,
    ...(request.task ? { isTask: true } : {}),
    ...(tokenizer ? { tokenizerFingerprint: tokenizer } : {}),
    partitions: ledger,
    documents,
    bytes: ledger.reduce((sum, one) => sum + one.bytes, 0),
    ...counts
  })
  await draft.writeFile(
    'corpus.json',
    JSON.stringify({ version: CORPUS_FORMAT, corpus, keepFields }, null, 1) + '\n'
  )
  if (request.inPlace) {
    const sources = files.map(({ path, format }) => ({ path: resolve(path), format }))
    await draft.writeFile(
      'sources.json',
      JSON.stringify({ textField: request.textField, sources }) + '\n'
    )
  }
  return corpus
}

function keptFields(document: SourceDocument, names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, fieldAt(document.fields, name) ?? null]))
}

function checkInPlace(request: ImportRequest, files: SourceFile[]): void {
  const unfit = files.find(
    (file) =>
      file.compression !== 'none' ||
      !(file.format === 'text' || (file.format === 'jsonl' && !file.path.endsWith('.json')))
  )
  if (!unfit) return
  throw new WorkbenchError(
    'usage/invalid',
    `${unfit.path} cannot be imported in place: expected uncompressed JSONL or plain text. ` +
      `Import "${request.name}" by copying its text.`,
    { file: unfit.path, asked: 'inPlace' }
  )
}

function emptyCorpus(files: SourceFile[], empty: number): WorkbenchError {
  return new WorkbenchError(
    'corpus/empty',
    `No document with text was found in ${files.length} file(s), first ${files[0]!.path} ` +
      `(${files[0]!.bytes} bytes); ${empty} document(s) held no text. Name other files or fields.`,
    { files: files.length, file: files[0]!.path, empty }
  )
}

function fingerprintOfCorpus(
  partitions: { name: string; hash: string }[],
  request: ImportRequest
): string {
  const content = {
    format: CORPUS_FORMAT,
    inPlace: request.inPlace ?? false,
    partitions: partitions.map(({ name, hash }) => [name, hash])
  }
  return createHash('sha256').update(JSON.stringify(content)).digest('hex')
}

async function tokenizerOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}
