/** Where every imported document, byte and token went, as a table that adds up. Pure. */
import { csvTable } from '#shared/csvText'
import type { StoredText, TextAmount, UnitPreview } from '#shared/storedText'

export type LedgerMeasure = 'tokens' | 'bytes' | 'documents'

/** Columns after the name: the first is the sum of the others. */
export const LEDGER_COLUMNS = {
  tokens: ['Imported', 'In base units', 'Left over', 'Held out', 'Duplicates', 'Not used'],
  bytes: ['Imported', 'Training', 'Held out', 'Duplicates', 'Not used'],
  documents: ['Imported', 'Training', 'Held out', 'Duplicates', 'Not used']
} as const satisfies Record<LedgerMeasure, readonly string[]>

/** One text; a cell is null where it was never tokenised. */
export interface LedgerRow {
  name: string
  role: StoredText['role']
  cells: (number | null)[]
}

/**
 * A row for each text. Only tokens tell base units from what is left over: a document may straddle
 * both.
 */
export function ledgerRows(
  texts: readonly StoredText[],
  preview: UnitPreview | null,
  measure: LedgerMeasure
): LedgerRow[] {
  return texts.map((text) => {
    const { name, role } = text
    const of = (amount: TextAmount) => (amount.documents === 0 ? 0 : amount[measure])
    const training = measure === 'tokens' ? trainingTokens(text, preview) : [of(text.training)]
    const parts = [...training, of(text.heldOut), of(text.duplicates), of(text.unused)]
    return { name, role, cells: [sumOf(parts), ...parts] }
  })
}

/** Sums of the columns; null where a part is not known. */
export function ledgerTotal(rows: readonly LedgerRow[]): (number | null)[] {
  const columns = rows[0]?.cells.length ?? 0
  return Array.from({ length: columns }, (_, column) =>
    sumOf(rows.map(({ cells }) => cells[column] ?? null))
  )
}

/** The ledger as CSV, in full. */
export function ledgerCsv(rows: readonly LedgerRow[], measure: LedgerMeasure): string {
  const columns = LEDGER_COLUMNS[measure].map((name) =>
    `${name}_${measure}`.toLowerCase().replaceAll(' ', '_')
  )
  return csvTable(
    ['text', 'role', ...columns],
    rows.map(({ name, role, cells }) => [name, role, ...cells])
  )
}

/** Tokens in base units, and left over. */
function trainingTokens(
  { name, role, training }: StoredText,
  preview: UnitPreview | null
): (number | null)[] {
  if (training.documents === 0) return [0, 0]
  if (training.tokens === null) return [null, null]
  const units =
    role === 'seed' ? preview?.seed : preview?.partitions.find((one) => one.partition === name)
  return units ? [units.unitTokens, units.leftOverTokens] : [null, null]
}

function sumOf(parts: readonly (number | null)[]): number | null {
  let sum = 0
  for (const part of parts) {
    if (part === null) return null
    sum += part
  }
  return sum
}
