/** The order of a partition's documents in its token stream. */
import type { Study } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { ENTRY_BYTES } from './corpusIndex'
import { readKeptFields } from './corpusReader'
import type { StoredPartition } from './corpusReader'
import { shuffleDraw } from './documentHash'
import { fieldAt } from './fields'
import { permutationKey } from './permute'

/** Documents of one stored partition that belong to a stream. */
export interface DocumentChoice {
  stored: StoredPartition
  /** Ascending. */
  documents: number[]
}

/** One document of a stream: which of the choices, and which of its documents by position. */
export interface OrderedDocument {
  choice: number
  /** Position in `documents` of its choice. */
  position: number
}

/**
 * Orders documents for a stream.
 *
 * Shuffled, each corpus keeps to itself, in the order of imports, so that text added later comes
 * behind and no unit cut before changes. By a field, numbers before strings, missing values last.
 *
 * @throws WorkbenchError `corpus/missing-field` when the field was not kept at import
 */
export async function orderDocuments(
  choices: readonly DocumentChoice[],
  study: Pick<Study, 'randomSeed'> & { orderBy: string | null }
): Promise<OrderedDocument[]> {
  if (study.orderBy !== null) return orderByField(choices, study.orderBy)
  const seed = permutationKey(study.randomSeed, 'documents')
  return choices.flatMap(({ stored, documents }, choice) => {
    const draws = Float64Array.from(documents, (document) =>
      shuffleDraw(stored.index, document * ENTRY_BYTES, seed)
    )
    return Array.from(documents.keys())
      .sort((a, b) => draws[a]! - draws[b]! || a - b)
      .map((position) => ({ choice, position }))
  })
}

async function orderByField(
  choices: readonly DocumentChoice[],
  field: string
): Promise<OrderedDocument[]> {
  const keyed: { value: unknown; ordered: OrderedDocument }[] = []
  for (const [choice, { stored, documents }] of choices.entries()) {
    const fields = await readKeptFields(stored)
    for (const [position, document] of documents.entries()) {
      const values = fields[document]
      const value = values === undefined ? undefined : fieldAt(values, field)
      if (value === undefined) throw fieldNotKept(stored, field)
      keyed.push({ value, ordered: { choice, position } })
    }
  }
  return keyed.sort((a, b) => compareValues(a.value, b.value)).map(({ ordered }) => ordered)
}

function compareValues(a: unknown, b: unknown): number {
  const rank = (value: unknown): number => (typeof value === 'number' ? 0 : value === null ? 2 : 1)
  if (rank(a) !== rank(b)) return rank(a) - rank(b)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [String(a), String(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** The error for a field that a study needs and an import did not keep. */
export function fieldNotKept(stored: StoredPartition, field: string): WorkbenchError {
  return new WorkbenchError(
    'corpus/missing-field',
    `The study uses the field "${field}", which was not kept when corpus ` +
      `"${stored.corpus.name}" was imported. Import it again and have the field kept.`,
    { field, corpus: stored.corpus.name }
  )
}
