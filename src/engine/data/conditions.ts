/** Partitions by DuckDB conditions over the columns of the source. */
import { REMAINDER } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { openConfined } from './confinedDuckDb'
import type { ConfinedDuckDb } from './confinedDuckDb'
import { fieldNames } from './fields'
import type { Partitioner, SourceDocument } from './sourceDocument'

/**
 * Opens conditions as a partitioner; the first that holds wins.
 *
 * Records are handed to DuckDB as JSON, so that every format is treated alike and rows cannot get
 * out of step with documents. The types of columns are those of the first batch, numbers being
 * DOUBLE. The database lives in memory, and reaches neither files nor the network.
 *
 * @param limitMs time for one batch of documents, which takes milliseconds
 * @throws WorkbenchError `partition/invalid` for a condition that DuckDB refuses, with its reason
 */
export async function openConditions(
  conditions: readonly { name: string; sql: string }[],
  limitMs = 30_000
): Promise<Partitioner> {
  const database = await openConfined(limitMs)
  let structure: string | null = null
  return {
    assign: async (documents) => {
      if (documents.length === 0) return []
      const records = documents.map((document) => columnsOf(document))
      try {
        structure ??= await structureOf(database, records)
        return await evaluate(database, conditions, structure, JSON.stringify(records))
      } catch (error) {
        throw refused(conditions, documents, error)
      }
    },
    close: () => database.close()
  }
}

type Fields = Record<string, unknown>

function columnsOf(document: SourceDocument): Fields {
  return { ...document.fields, filename: document.fields['filename'] ?? document.file }
}

/**
 * DuckDB's description of the records' columns. Whole numbers are widened, since later ones may not
 * be whole; columns of strings that all spell numbers or dates become such, as DuckDB's own
 * readers of CSV and JSON would have it.
 */
async function structureOf(database: ConfinedDuckDb, records: Fields[]): Promise<string> {
  const [[found] = []] = await database.rows('SELECT json_structure($1::JSON)::VARCHAR', [
    JSON.stringify(records)
  ])
  const widened = String(found).replace(/"(U?BIGINT|HUGEINT)"/g, '"DOUBLE"')
  const [columns] = JSON.parse(widened) as [Record<string, unknown>]
  for (const name of Object.keys(columns)) {
    if (columns[name] === 'VARCHAR') columns[name] = typeOfStrings(records, name)
  }
  return JSON.stringify([columns])
}

function typeOfStrings(records: Fields[], name: string): string {
  const values = records
    .map((record) => record[name])
    .filter((value) => value !== null && value !== undefined)
  const all = (pattern: RegExp): boolean =>
    values.every((value) => typeof value === 'string' && pattern.test(value))
  if (all(/^-?\d+(\.\d+)?$/)) return 'DOUBLE'
  if (all(/^\d{4}-\d\d-\d\d$/)) return 'DATE'
  if (all(/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/)) return 'TIMESTAMP'
  return 'VARCHAR'
}

async function evaluate(
  database: ConfinedDuckDb,
  conditions: readonly { name: string; sql: string }[],
  structure: string,
  json: string
): Promise<string[]> {
  const cases = conditions.map(({ sql }, index) => `WHEN (${sql}\n) THEN ${index}`).join(' ')
  const rows = await database.rows(
    `SELECT CASE ${cases} ELSE -1 END FROM (SELECT unnest(record) FROM ` +
      `(SELECT unnest(from_json($1::JSON, $2)) AS record))`,
    [json, structure]
  )
  return rows.map(([index]) => conditions[Number(index)]?.name ?? REMAINDER)
}

function refused(
  conditions: readonly { name: string; sql: string }[],
  documents: readonly SourceDocument[],
  cause: unknown
): WorkbenchError {
  if (cause instanceof WorkbenchError) return cause
  const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!
  const columns = fieldNames(documents[0]!.fields)
  return new WorkbenchError(
    'partition/invalid',
    `A condition cannot be evaluated: ${reason} Conditions: ` +
      `${conditions.map(({ sql }) => sql).join(' | ')}. Columns: ${columns.join(', ')}.`,
    { reason, columns },
    { cause }
  )
}
