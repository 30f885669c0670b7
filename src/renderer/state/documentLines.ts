/** Lines of a list of documents, in words and as CSV. Pure. */
import { csvTable } from '#shared/csvText'
import type { DocumentLine, Fate } from '#shared/storedText'

/** Fates in words. */
export const FATES: Record<Fate, string> = {
  training: 'to train on',
  leftOver: 'left over',
  heldOut: 'held out',
  duplicate: 'duplicates',
  unused: 'not used'
}

/** Documents that were read, as they are listed. */
export function listCsv(lines: readonly (DocumentLine | undefined)[]): string {
  const read = lines.filter((line) => line !== undefined)
  const fields = [...new Set(read.flatMap((line) => Object.keys(line.fields)))]
  return csvTable(
    [
      ...['corpus', 'partition', 'document', 'bytes', 'tokens', 'fate', 'base_unit', 'matches'],
      ...fields,
      'preview'
    ],
    read.map((line) => [
      ...[line.corpus, line.partition, line.document, line.bytes, line.tokens],
      ...[FATES[line.fate], line.unit ?? '', line.matches],
      ...fields.map((field) => line.fields[field] ?? ''),
      line.preview
    ])
  )
}
