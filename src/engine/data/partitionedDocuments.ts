/** The documents of an import, each with its partition. */
import { WorkbenchError } from '#shared/errors'
import type { CorpusRole, DomainKind, PartitionRule, Progress } from '#shared/records'
import type { TaskFields } from '#shared/textEvaluation'
import { fieldAt, missingField } from './fields'
import { fieldsOfRule, openPartitioner } from './partitionRules'
import { readFile } from './readDocuments'
import type { ReadHooks, ReadRequest } from './readDocuments'
import { ReadMeter } from './readProgress'
import type { SourceDocument, TokenizedSource } from './sourceDocument'
import type { SourceFile } from './sources'
import { taskDocument } from './taskItems'

export interface ImportRequest {
  name: string
  role: CorpusRole
  /** Of evaluation corpora; `out` by default. */
  domainKind?: DomainKind
  /** Files, folders, globs. */
  paths: string[]
  /** What the sources are called; their paths when left out. */
  source?: string
  /** Field of the text; unused for plain text. */
  textField: string
  partition: PartitionRule
  /** Tokens per partition, about (four bytes each): documents are sampled by their hash. */
  take?: number
  /** Keeps offsets and hashes of uncompressed JSONL or plain text instead of a copy. */
  inPlace?: boolean
  /** Counts records that cannot be read instead of ending the import. */
  skipBadLines?: boolean
  /** Fields that later steps need (an order of documents, what to hold out together). */
  keepFields?: string[]
  tokenized?: TokenizedSource
  /** Of evaluation corpora: records are items of a task, of which the right answer is measured. */
  task?: TaskFields
}

export interface ImportHooks {
  onProgress?: (progress: Progress) => void
  signal?: AbortSignal
}

/** What of an import decides which documents there are. */
export type DocumentRequest = Pick<
  ImportRequest,
  'textField' | 'partition' | 'skipBadLines' | 'tokenized' | 'keepFields' | 'task'
> & { role?: CorpusRole }

const BATCH_DOCUMENTS = 512
const BATCH_BYTES = 4_000_000

/** A choice among documents with text, numbered through all files in the order they are read. */
export interface Sample {
  isTaken(ordinal: number): boolean
  /** Per file: number of its last taken document, −1 when none is. */
  lastOfFile: number[]
  /** Per file: number of the first document of the next one. */
  endOfFile: number[]
}

export interface PartitionedDocument {
  document: SourceDocument
  partition: string
  /** Number of its file in the list. */
  source: number
}

/**
 * Documents with the partition each belongs to; those without text, and those that a sample does
 * not want, are passed over.
 */
export async function* partitioned(
  files: SourceFile[],
  request: DocumentRequest,
  sample: Sample | null,
  hooks: ReadHooks & { onEmpty?: () => void }
): AsyncGenerator<PartitionedDocument> {
  const meter = new ReadMeter(
    files.reduce((sum, file) => sum + file.bytes, 0),
    hooks.onProgress
  )
  const partitioner = await openPartitioner(request.partition)
  const assign = async function* (batch: Omit<PartitionedDocument, 'partition'>[]) {
    const names = await partitioner.assign(batch.map(({ document }) => document))
    for (const [index, one] of batch.entries()) yield { ...one, partition: names[index]! }
  }
  try {
    let batch: Omit<PartitionedDocument, 'partition'>[] = []
    let batchBytes = 0
    let isFirst = true
    let ordinal = 0
    for (const [source, file] of files.entries()) {
      const last = sample?.lastOfFile[source] ?? Infinity
      if (last >= ordinal) {
        for await (const record of readFile(file, readRequest(request), meter, hooks)) {
          const document = documentOf(record, request, hooks)
          if (document === null) continue
          if (document.text.trim() === '') {
            hooks.onEmpty?.()
            continue
          }
          if (!sample || sample.isTaken(ordinal)) {
            batch.push({ document, source })
            batchBytes += document.text.length
          }
          ordinal += 1
          if (batch.length >= BATCH_DOCUMENTS || batchBytes >= BATCH_BYTES) {
            if (isFirst) checkFields(batch, request)
            isFirst = false
            yield* assign(batch)
            batch = []
            batchBytes = 0
          }
          if (ordinal > last) break
        }
      }
      ordinal = sample?.endOfFile[source] ?? ordinal
    }
    if (isFirst) checkFields(batch, request)
    yield* assign(batch)
    meter.finish()
  } finally {
    partitioner.close()
  }
}

/** The document that a record is; null for a bad item where such are counted. */
function documentOf(
  record: SourceDocument,
  { task, skipBadLines }: DocumentRequest,
  { onBadLine }: ReadHooks
): SourceDocument | null {
  if (!task) return record
  try {
    return taskDocument(record, task)
  } catch (error) {
    if (!skipBadLines || !(error instanceof WorkbenchError)) throw error
    onBadLine?.(error)
    return null
  }
}

/**
 * A field that none of the first documents has is a wrong name; one that only some lack puts these
 * into the remainder. Seed and evaluation text need not have the fields kept for training text.
 */
function checkFields(
  batch: readonly { document: SourceDocument }[],
  { partition, keepFields, role }: DocumentRequest
): void {
  const kept = role === 'seed' || role === 'evaluation' ? [] : (keepFields ?? [])
  for (const field of [...(fieldsOfRule(partition) ?? []), ...kept]) {
    const isThere = batch.some(({ document }) => fieldAt(document.fields, field) !== undefined)
    const [first] = batch
    if (!isThere && first) throw missingField(field, first.document.fields, first.document)
  }
}

function readRequest(request: DocumentRequest): Omit<ReadRequest, 'paths'> {
  const { task, keepFields = [] } = request
  const ofRule = fieldsOfRule(request.partition)
  const ofTask = task ? [task.context, task.choices, task.gold].filter(Boolean) : []
  return {
    textField: task ? null : request.textField,
    skipBadLines: request.skipBadLines ?? false,
    ...(ofRule ? { fields: [...new Set([...ofRule, ...keepFields, ...ofTask])] } : {}),
    ...(request.tokenized ? { tokenized: request.tokenized } : {})
  }
}
