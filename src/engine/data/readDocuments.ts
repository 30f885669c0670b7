/** Documents of source files of any format, one after another. */
import { WorkbenchError } from '#shared/errors'
import { readArrow } from './readArrow'
import { readCsv } from './readCsv'
import { readJsonl } from './readJsonl'
import { readParquet } from './readParquet'
import { readPlainText } from './readPlainText'
import { ReadMeter } from './readProgress'
import type { ReadProgress } from './readProgress'
import { readTokens } from './readTokens'
import type { ReadContext, ReadDocument, SourceDocument, TokenizedSource } from './sourceDocument'
import { findSources } from './sources'
import type { SourceFile } from './sources'

export interface ReadRequest {
  /** Files, folders, globs. */
  paths: string[]
  /** Field of the text; null to read records whose text is not asked for. */
  textField: string | null
  /** True: records that cannot be read are counted instead of ending the import. */
  skipBadLines?: boolean
  /** Fields wanted besides the text; all by default. Saves reading columns of Parquet. */
  fields?: string[]
  /** How to read pre-tokenised files. */
  tokenized?: TokenizedSource
}

export interface ReadHooks {
  onProgress?: (progress: ReadProgress) => void
  /** Told each bad record that `skipBadLines` passes over. */
  onBadLine?: (error: WorkbenchError) => void
  signal?: AbortSignal
}

const READERS: Record<
  SourceFile['format'],
  (file: SourceFile, context: ReadContext) => AsyncGenerator<ReadDocument>
> = {
  jsonl: readJsonl,
  text: readPlainText,
  csv: readCsv,
  tsv: readCsv,
  parquet: readParquet,
  arrow: readArrow,
  tokens: readTokens
}

const SKIPPABLE = new Set([
  'corpus/invalid-line',
  'corpus/invalid-encoding',
  'corpus/missing-field'
])

/**
 * Reads documents from files, folders and globs in a stable order, streaming: memory does not
 * grow with the size of a file, only with its largest document.
 *
 * @throws WorkbenchError `corpus/missing-file`, `corpus/missing-field` (listing the fields found),
 *   `corpus/invalid-line`, `corpus/invalid-encoding`, `corpus/unreadable`
 */
export async function* readDocuments(
  request: ReadRequest,
  hooks: ReadHooks = {}
): AsyncGenerator<SourceDocument> {
  const files = await findSources(request.paths)
  const meter = new ReadMeter(
    files.reduce((sum, file) => sum + file.bytes, 0),
    hooks.onProgress
  )
  for (const file of files) yield* readFile(file, request, meter, hooks)
  meter.finish()
}

/** Reads the documents of one file. */
export async function* readFile(
  file: SourceFile,
  request: Omit<ReadRequest, 'paths'>,
  meter: ReadMeter,
  hooks: ReadHooks = {}
): AsyncGenerator<SourceDocument> {
  const context: ReadContext = {
    textField: request.textField,
    fields: request.fields ?? null,
    tokenized: request.tokenized ?? null,
    onBytes: meter.addBytes,
    attempt: (step) => {
      try {
        return step()
      } catch (error) {
        const isBad = error instanceof WorkbenchError && SKIPPABLE.has(error.code)
        if (!request.skipBadLines || !isBad) throw error
        hooks.onBadLine?.(error)
        return null
      }
    }
  }
  for await (const document of READERS[file.format](file, context)) {
    hooks.signal?.throwIfAborted()
    meter.addDocument()
    yield { ...document, stem: file.stem, folder: file.folder }
  }
}
