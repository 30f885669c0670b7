/** Plain text: one document per file. */
import { isUtf8 } from 'node:buffer'
import { readBytes } from './byteStream'
import { invalidEncoding } from './readJsonl'
import type { ReadContext, ReadDocument } from './sourceDocument'
import type { SourceFile } from './sources'

/**
 * Reads a file as one document. A byte order mark at its start is a signature, not text.
 *
 * @throws WorkbenchError `corpus/invalid-encoding`, `corpus/unreadable`
 */
export async function* readPlainText(
  file: SourceFile,
  context: ReadContext
): AsyncGenerator<ReadDocument> {
  const bytes = await readBytes(file, context.onBytes)
  const document = context.attempt(() => ({
    text: decodeText(bytes, file.path).replace(/^\uFEFF/, ''),
    fields: { file: file.label, folder: file.folder },
    file: file.label,
    position: 1
  }))
  if (document) yield { ...document, offset: 0, length: bytes.length }
}

/**
 * Decodes bytes exactly; a byte order mark stays.
 *
 * @throws WorkbenchError `corpus/invalid-encoding`
 */
export function decodeText(bytes: Buffer, path: string, position = 1): string {
  if (!isUtf8(bytes)) throw invalidEncoding({ file: path, position })
  return bytes.toString('utf8')
}
