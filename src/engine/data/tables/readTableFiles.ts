/** Tables behind paths: files of rows, and results of lm-evaluation-harness. */
import { findSources } from '../sources'
import type { SourceFile } from '../sources'
import { readHarnessResults } from './harnessResults'
import { readTable } from './tableFile'
import type { TableFile } from './tableFile'

/**
 * Reads CSV, TSV and Parquet files whole; globs and folders are looked through by name. All JSON
 * files among them are results of lm-evaluation-harness, and one table.
 *
 * @throws WorkbenchError `table/invalid` as the readers of either; `corpus/*` as readers of text do
 */
export async function readTableFiles(paths: string[]): Promise<TableFile[]> {
  const files = await findSources(paths)
  const tables: TableFile[] = []
  for (const file of files) if (!isJson(file)) tables.push(await readTable(file))
  const results = files.filter(isJson)
  return results.length > 0 ? [...tables, await readHarnessResults(results)] : tables
}

function isJson({ format }: SourceFile): boolean {
  return format === 'jsonl'
}
