/** The exported tables inside the report: what each holds, and the whole of it to be saved. */
import { counted, grouped, inBytes } from '#shared/numberWords'
import { toCsv } from '../tables'
import type { Table } from '../tables'
import type { ReportContents } from './contents'
import { markup, section, tableOf } from './markup'
import type { Piece } from './markup'

/** Every table as a link that needs no network, with the meaning of its columns. */
export function csvSection({ tables }: ReportContents): Piece {
  return section(
    'tables',
    'Tables',
    markup`<p>All numbers in full precision, as the export writes them: UTF-8, commas, an empty cell where there is no number.</p>
`,
    tables.map(tableDetails)
  )
}

function tableDetails({ name, meaning, columns, rows }: Table): Piece {
  const bytes = Buffer.from(toCsv(columns, rows), 'utf8')
  const link = `data:text/csv;charset=utf-8;base64,${bytes.toString('base64')}`
  return markup`<details><summary>${name}.csv: ${plain(meaning)}; ${counted(rows.length, 'row')}</summary>
<p><a download="${name}.csv" href="${link}">Save ${name}.csv</a> <span class="quiet">${inBytes(bytes.length)}, ${grouped(columns.length)} columns</span></p>
${tableOf(
  `Columns of ${name}.csv`,
  [
    { head: 'Column', cell: (column) => markup`<code>${column.name}</code>` },
    { head: 'Type', cell: ({ type }) => type },
    { head: 'Unit', cell: ({ unit }) => unit || '—' },
    { head: 'Meaning', cell: (column) => plain(column.meaning) }
  ],
  columns
)}</details>
`
}

/** Meanings are written for a page of Markdown too. */
function plain(meaning: string): string {
  return meaning.replaceAll('`', '')
}
