/** Reads somebody's tables of weights and losses: no text, no tensors. */
import { gatherTables } from '#engine/data/tables/gatherTables'
import { layoutOf, observe } from '#engine/data/tables/observations'
import { readTableFiles } from '#engine/data/tables/tableFile'
import type { TableFile } from '#engine/data/tables/tableFile'
import { hashFile } from '#engine/storage/fingerprint'
import type { ImportedTables } from '#shared/importedTables'
import type { TablesJob } from './jobs'

/**
 * Reads tables into the record of a study.
 *
 * Without a role of their own, rows of `sequential` are truths and the others proxies; where all
 * files are of one kind, each row is a model trained on its mixture.
 *
 * @throws WorkbenchError `table/invalid`, and `corpus/*` for files that cannot be read
 */
export async function readTables(job: TablesJob): Promise<ImportedTables> {
  const { paths, sequential, budget, layout, role, ...reading } = job
  const files = await readTableFiles(paths)
  const truths = sequential.length > 0 ? await readTableFiles(sequential) : []
  const first = layout ?? layoutOf(files, reading)
  const groups = [
    observe(files, {
      ...reading,
      layout: first,
      role: role ?? (truths.length > 0 ? 'proxy' : 'sequential')
    })
  ]
  if (truths.length > 0) {
    const own = layout ?? layoutOf(truths, reading)
    groups.push(observe(truths, { ...reading, layout: own, role: 'sequential' }))
  }
  const described = await Promise.all([...files, ...truths].map(describe))
  return gatherTables(groups, { layout: first, budget, files: described })
}

async function describe({ name, path, rows }: TableFile): Promise<ImportedTables['files'][number]> {
  return { name, sha256: await hashFile(path), rows: rows.length }
}
