/** The data ledger: what became of the text, and what models are measured on. */
import { KIND_WORDS } from '#shared/domainMarks'
import { counted, grouped, inBytes } from '#shared/numberWords'
import type { HeldOutDomain, PreparedPartition } from '#shared/records'
import type { StudyResults } from '../results'
import type { TablesSummary } from '../tableStudy'
import type { ReportContents } from './contents'
import { absent, factsOf, htmlTable, markup, section } from './markup'
import type { Piece, ShownColumn, ShownTable } from './markup'
import { figure } from './numbers'

/** Partitions, domains and overlaps; of tables what they hold. */
export function ledgerSection({ results, evidence }: ReportContents): Piece {
  const content = results.tables
    ? tablesLedger(results.tables)
    : [
        htmlTable(partitionTable(results.prepared.partitions)),
        seedTable(results),
        htmlTable(domainTable(results)),
        overlapWords(evidence.overlaps)
      ]
  return section('data', 'Data', content)
}

function tablesLedger(tables: TablesSummary): Piece {
  return [
    absent(
      'These numbers come from tables: of text, tokens and documents nothing is known, and no interval over documents can be said.'
    ),
    factsOf([
      [
        'Files',
        tables.files.map(({ name, rows }) => `${name} (${counted(rows, 'row')})`).join(', ')
      ],
      ['Partitions', tables.partitions.join(', ')],
      [
        'Domains',
        tables.domains.map(({ name, kind }) => `${name} (${KIND_WORDS[kind]})`).join(', ')
      ]
    ]),
    tables.notes.length > 0
      ? markup`<ul>${tables.notes.map((note) => markup`<li>${note}</li>`)}</ul>\n`
      : null
  ]
}

const count = (value: number) => figure(value, grouped)

/** What became of the text of partitions. */
export function partitionTable(
  partitions: readonly PreparedPartition[],
  caption = 'Training partitions'
): ShownTable<PreparedPartition> {
  const column = (
    head: string,
    value: (one: PreparedPartition) => number,
    words = grouped
  ): ShownColumn<PreparedPartition> => ({
    head,
    isNumber: true,
    cell: (one) => figure(value(one), words)
  })
  const columns: ShownColumn<PreparedPartition>[] = [
    { head: 'Partition', cell: ({ name }) => name },
    column('Documents', (one) => one.documents),
    column('Text', (one) => one.bytes, inBytes),
    column('Tokens', (one) => one.tokens),
    column('Base units', (one) => one.baseUnits.length),
    column('Left over, tokens', (one) => one.leftOverTokens),
    column('Held out, documents', (one) => one.heldOutDocuments),
    column('Held out, tokens', (one) => one.heldOutTokens),
    column('Duplicates removed', (one) => one.duplicatesRemoved)
  ]
  return { caption, columns, rows: partitions }
}

function seedTable({ prepared: { seed } }: StudyResults): Piece {
  return seed === null ? null : htmlTable(partitionTable([seed], 'Text of the seed model'))
}

/** What models are measured on. */
export function domainTable({ prepared }: StudyResults): ShownTable<HeldOutDomain> {
  return {
    caption: 'Held-out domains, never trained on',
    columns: [
      { head: 'Domain', cell: ({ name }) => name },
      { head: 'Kind', cell: ({ kind }) => KIND_WORDS[kind] ?? kind },
      { head: 'Held out of', cell: ({ partition }) => partition ?? '—' },
      { head: 'Documents', isNumber: true, cell: ({ documents }) => count(documents) },
      { head: 'Predicted tokens', isNumber: true, cell: ({ tokens }) => count(tokens) },
      { head: 'Text', isNumber: true, cell: ({ bytes }) => figure(bytes, inBytes) },
      {
        head: 'Overlapping documents',
        isNumber: true,
        cell: ({ overlapping }) => count(overlapping)
      }
    ],
    rows: prepared.domains
  }
}

function overlapWords(overlaps: ReportContents['evidence']['overlaps']): Piece {
  const touched = overlaps.filter(({ overlapping }) => overlapping > 0)
  if (touched.length === 0) {
    return absent('No held-out document has over half of its 13-grams of words in training text.')
  }
  const words = touched.map((one) => `${one.domain} (${one.overlapping} of ${one.documents})`)
  return absent(
    `Held-out documents with over half of their 13-grams of words in training text: ${words.join(', ')}.`
  )
}
