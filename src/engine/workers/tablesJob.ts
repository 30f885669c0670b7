/** Reads somebody's tables of weights and losses: no text, no tensors. */
import { gatherTables } from '#engine/data/tables/gatherTables'
import { layoutOf, observe } from '#engine/data/tables/observations'
import { readTableFiles } from '#engine/data/tables/readTableFiles'
import { fileError } from '#engine/data/tables/tableFile'
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
  checkHarness([...files, ...truths], job)
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
  const described = await Promise.all([...files, ...truths].flatMap(partsOf).map(describe))
  const tables = gatherTables(groups, { layout: first, budget, files: described })
  return { ...tables, notes: [...harnessNotes([...files, ...truths], job), ...tables.notes] }
}

/** Results of a harness say of themselves what they are, and need weights beside them. */
function checkHarness(files: readonly TableFile[], { arePerplexities }: TablesJob): void {
  const found = files.find(({ harness }) => harness !== undefined)
  if (!found) return
  const path = found.harness!.files[0]!.path
  if (arePerplexities) {
    throw fileError(
      path,
      'metrics as lm-evaluation-harness names them',
      'that all are said to be perplexities',
      'They are told apart by their names: do not say it.'
    )
  }
  if (files.length === 1) {
    throw fileError(
      path,
      'weights of the mixtures beside the results',
      'results alone',
      'Give a table of weights too, a row per run.'
    )
  }
}

function harnessNotes(files: readonly TableFile[], { losses }: TablesJob): string[] {
  const notes = files.flatMap(({ harness }) => (harness ? [harness.note] : []))
  if (notes.length === 0 || !losses) return [...new Set(notes)]
  return [
    "Of lm-evaluation-harness's results, bits per byte are read as nats per byte, perplexities as their logarithms, and what is better when higher as 1 − value."
  ]
}

type TablePart = Pick<ImportedTables['files'][number], 'name' | 'rows'> & { path: string }

/** The files that a table was made of. */
function partsOf({ name, path, rows, harness }: TableFile): TablePart[] {
  return harness?.files ?? [{ name, path, rows: rows.length }]
}

async function describe({ name, path, rows }: TablePart): Promise<ImportedTables['files'][number]> {
  return { name, sha256: await hashFile(path), rows }
}
