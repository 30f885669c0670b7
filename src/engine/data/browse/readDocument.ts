/** One document whole, with its fields and where its tokens end. */
import { WorkbenchError } from '#shared/errors'
import type { DocumentName, StoredDocument } from '#shared/storedText'
import { entryBytes } from '../corpusIndex'
import { readTexts } from '../corpusReader'
import type { DocumentFates } from './fates'
import { fieldsAsText, keptFields } from './keptFields'
import type { OpenText, OpenTexts } from './openTexts'

/** Of a longer text only the beginning is given. */
const MOST_BYTES = 1_000_000

/**
 * Reads a document.
 *
 * @param withTokens also tokenises it, where the study has a tokenizer
 * @throws WorkbenchError `storage/missing` when there is no such document, `storage/corrupt`
 */
export async function readDocument(
  texts: OpenTexts,
  text: OpenText,
  fates: DocumentFates,
  { corpus, partition, document }: DocumentName,
  withTokens: boolean
): Promise<StoredDocument> {
  const part = text.group.parts.findIndex(
    ({ stored }) => stored.corpus.name === corpus && stored.name === partition
  )
  const stored = text.group.parts[part]?.stored
  if (!stored || document >= stored.documents) throw noDocument(corpus, partition, document)
  let whole = ''
  for await (const read of readTexts(stored, [document])) whole = read.text
  const bytes = entryBytes(stored.index, document)
  const shown = bytes <= MOST_BYTES ? whole : beginning(whole)
  return {
    corpus,
    partition,
    document,
    text: shown,
    bytes,
    isCut: shown.length < whole.length,
    fate: fates.of(part, document),
    unit: fates.unitOf(part, document),
    fields: fieldsAsText((await keptFields(stored))[document]),
    tokens:
      withTokens && texts.tokenizer ? await texts.tokenizer.tokenizer.encodeWithEnds(shown) : null
  }
}

/** Name of the text that a document is of. */
export function textOf(texts: OpenTexts, { corpus, partition }: DocumentName): OpenText {
  const found = texts.texts.find(({ group }) =>
    group.parts.some(({ stored }) => stored.corpus.name === corpus && stored.name === partition)
  )
  if (!found) throw noDocument(corpus, partition, 0)
  return found
}

/** Whole characters of the first megabyte. */
function beginning(text: string): string {
  const cut = Buffer.from(text).subarray(0, MOST_BYTES).toString('utf8')
  return cut.replace(/\ufffd+$/, '')
}

function noDocument(corpus: string, partition: string, document: number): WorkbenchError {
  return new WorkbenchError(
    'storage/missing',
    `There is no document ${document} of partition "${partition}" in corpus "${corpus}". ` +
      `The project's text may have changed; open the list again.`,
    { corpus, partition, document }
  )
}
