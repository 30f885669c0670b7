/** The columns of all tables as docs/csv.md must show them. */
import { TABLES } from '#engine/studies/tables'

/** One Markdown section per table, made from the definitions that the export is made from. */
export function describeTables(): string {
  const sections = TABLES.map(({ name, meaning, columns }) => {
    const rows = columns.map(
      (column) =>
        `| \`${column.name}\` | ${column.type} | ${column.unit || '–'} | ${column.meaning} |`
    )
    const head = ['| column | type | unit | meaning |', '| --- | --- | --- | --- |']
    return [`### ${name}.csv`, '', `${meaning}.`, '', ...head, ...rows].join('\n')
  })
  return sections.join('\n\n')
}
