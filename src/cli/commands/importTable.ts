/** `assay import-table`: a read-only study out of anybody's tables of weights and losses. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { TablesJob } from '#engine'
import { TABLE_LAYOUTS, TABLE_ROLES } from '#shared/importedTables'
import { BudgetKindSchema } from '#shared/records'
import { choice } from '../flags'
import { EXIT, withEngine } from '../session'
import { describeTables } from '../tablesSummary'

interface ImportTableFlags {
  layout?: string
  weights?: string[]
  losses?: string[]
  perplexity?: boolean
  role?: string
  sequential?: string[]
  id?: string
  seedColumn?: string
  budget: string
  json?: boolean
}

/** Adds the command to the program. */
export function addImportTableCommand(program: Command): void {
  program
    .command('import-table')
    .description(
      'Make a read-only study of tables of weights and losses: CSV, TSV, Parquet, lm-evaluation-harness.'
    )
    .argument('<project>', 'folder that is not there yet')
    .argument('<files...>', 'tables (docs/tables.md has their columns)')
    .option(
      '--layout <layout>',
      'long (a row per mixture and domain), ratios (a file of weights, a file of losses), wide (a row per run); found out by the columns'
    )
    .option('--weights <columns...>', "columns of weights; * stands for the partition: 'mix/*'")
    .option('--losses <columns...>', "columns of losses; * stands for the domain: 'eval/*/loss'")
    .option('--perplexity', 'what stands under --losses are perplexities, not nats per token')
    .option(
      '--role <role>',
      `of rows that do not say theirs: ${TABLE_ROLES.join(', ')} (default: proxy beside --sequential, else sequential)`
    )
    .option('--sequential <files...>', 'more tables, whose rows are the models trained for real')
    .option('--id <column>', 'column that names the runs: of ratios the one that both files have')
    .option(
      '--seed-column <column>',
      'tells repeated runs of one mixture apart (default: random_seed)'
    )
    .option('--budget <budget>', 'of the sequential models: fixed or sum', 'fixed')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  assay import-table my-tables losses.csv
  assay import-table regmix ratios.csv metrics.csv
  assay import-table regmix ratios-1m.csv metrics-1m.csv --sequential ratios-1b.csv metrics-1b.csv
  assay import-table sweep ratios.csv 'small/**/results_*.json' --sequential ratios.csv 'large/**/results_*.json'
  assay import-table sweep wandb.csv --weights 'mix.*' --losses 'eval/*/loss' --id Name
  assay import-table sweep small.parquet --sequential large.parquet --weights 'w_*' --losses 'ppl_*' --perplexity

Then: assay report my-tables, assay export my-tables --out FOLDER, assay serve my-tables.`
    )
    .action(async (path: string, files: string[], flags: ImportTableFlags) => {
      const job = jobFrom(files, flags)
      await withEngine(flags, async ({ engine, print }) => {
        const folder = resolve(path)
        const tables = await engine.importTables(folder, job)
        print(`${describeTables(tables)}\n\nNext: assay report ${path}`, {
          project: folder,
          ...tables
        })
        return EXIT.ok
      })
    })
}

function jobFrom(files: string[], flags: ImportTableFlags): TablesJob {
  const { weights, losses, id, seedColumn, layout, role } = flags
  return {
    paths: files.map((file) => resolve(file)),
    sequential: (flags.sequential ?? []).map((file) => resolve(file)),
    budget: choice(BudgetKindSchema.options, flags.budget, '--budget'),
    arePerplexities: flags.perplexity ?? false,
    ...(layout === undefined ? {} : { layout: choice(TABLE_LAYOUTS, layout, '--layout') }),
    ...(role === undefined ? {} : { role: choice(TABLE_ROLES, role, '--role') }),
    ...(weights ? { weights } : {}),
    ...(losses ? { losses } : {}),
    ...(id === undefined ? {} : { id }),
    ...(seedColumn === undefined ? {} : { seedColumn })
  }
}
