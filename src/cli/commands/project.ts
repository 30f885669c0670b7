/** `assay new`, `study`, `status`, `export`: a project from its making to its tables. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { DOCUMENT_CHOICES } from '#engine'
import type { StudyStatus } from '#engine'
import { WorkbenchError } from '#shared/errors'
import { deviceLines } from '../deviceLines'
import { choice } from '../flags'
import { EXIT, withEngine, withProject } from '../session'
import { describeTables } from '../tablesSummary'
import { formatBytes, formatCount, formatNumber, formatSeconds, textTable } from '../format'
import { printJson } from '../output'

interface NewFlags {
  from?: string
  startFrom?: string
  json?: boolean
}

/** Adds `new`, `study`, `status` and `export` to the program. */
export function addProjectCommands(program: Command): void {
  program
    .command('new')
    .description('Make a project with a study in it.')
    .argument('<project>', 'folder that is empty or not there yet')
    .option('--from <study.json>', 'the study; a default one when left out')
    .option('--start-from <folder>', 'a Hugging Face folder that branches start from')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay new my-study\n  assay new my-study --from study.json\n  assay new my-study --start-from pythia-70m'
    )
    .action(async (path: string, flags: NewFlags) => {
      if (flags.from !== undefined && flags.startFrom !== undefined) {
        throw new WorkbenchError(
          'usage/invalid',
          '--from and --start-from exclude each other: a study says what it starts from.'
        )
      }
      await withEngine(flags, async ({ engine, print }) => {
        const draft = flags.from ? await readJson(flags.from) : undefined
        const session =
          flags.startFrom === undefined
            ? await engine.createProject(resolve(path), draft, flags.from)
            : await engine.createProjectFrom(resolve(path), resolve(flags.startFrom))
        const study = session.study()
        await session.close()
        print(
          `Made ${session.folder} with the study "${study.name}".\nNext: assay import ${path} FILES --partition FIELD`,
          { project: session.folder, study }
        )
        return EXIT.ok
      })
    })

  program
    .command('study')
    .description('Print a study as JSON, or add or replace one.')
    .argument('<project>', 'project folder')
    .option('--name <name>', 'which study (default: the first)')
    .option('--from <study.json>', 'add this study, or replace the one of its name')
    .addHelpText(
      'after',
      '\nExamples:\n  assay study my-study > study.json\n  assay study my-study --from study.json'
    )
    .action(async (path: string, flags: { name?: string; from?: string }) => {
      await withProject(path, { readOnly: !flags.from }, async (_, session) => {
        if (session.isFromTables) {
          throw new WorkbenchError(
            'study/from-tables',
            `The study of ${path} was made from tables: nothing is known of its model, recipe and text. assay status ${path} says what the tables hold.`
          )
        }
        const study = flags.from
          ? await session.saveStudy(await readJson(flags.from), flags.from)
          : session.study(flags.name)
        printJson(study, 2)
        return EXIT.ok
      })
    })

  program
    .command('status')
    .description('Say what a study has and lacks. Works beside a run.')
    .argument('<project>', 'project folder')
    .option('--study <name>', 'which study (default: the first)')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExamples:\n  assay status my-study\n  assay status my-study --json')
    .action(async (path: string, flags: { study?: string; json?: boolean }) => {
      await withProject(path, { ...flags, readOnly: true }, async ({ print }, session) => {
        const status = await session.status(session.study(flags.study))
        const devices = await session.devices()
        const lines = deviceLines(devices, placedRuns(status))
        const text = describeStatus(status)
        print([text, ...(lines.length > 0 ? ['', ...lines] : [])].join('\n'), {
          ...status,
          devices
        })
        return EXIT.ok
      })
    })

  program
    .command('export')
    .description("Write the study's tables as CSV (docs/csv.md describes every column).")
    .argument('<project>', 'project folder')
    .requiredOption('--out <folder>', 'folder for the files')
    .option('--study <name>', 'which study (default: the first)')
    .option(
      '--documents <which>',
      'what pairs and agreement are measured on: all, clean, choose, confirm',
      'all'
    )
    .option('--parquet', 'write the same tables as Parquet too')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay export my-study --out tables\n  assay export my-study --out tables --parquet'
    )
    .action(
      async (
        path: string,
        flags: {
          out: string
          study?: string
          documents: string
          parquet?: boolean
          json?: boolean
        }
      ) => {
        const documents = choice(DOCUMENT_CHOICES, flags.documents, '--documents')
        await withProject(path, { ...flags, readOnly: true }, async ({ print }, session) => {
          const files = await session.exportTables(session.study(flags.study), {
            folder: resolve(flags.out),
            documents,
            parquet: flags.parquet ?? false
          })
          print(files.join('\n'), { files })
          return EXIT.ok
        })
      }
    )
}

/** Runs that train on devices, by the device's name, whichever process placed them there. */
function placedRuns({ heads }: StudyStatus): { name: string; device: string }[] {
  return heads.flatMap(({ state, name, device }) =>
    state === 'running' && device !== null ? [{ name, device }] : []
  )
}

function describeStatus(status: StudyStatus): string {
  if (status.tables) return `Study ${status.study}\n\n${describeTables(status.tables)}`
  const corpora = status.corpora.map((corpus) => [
    corpus.name,
    corpus.role,
    formatCount(corpus.documents),
    formatBytes(corpus.bytes)
  ])
  const heads = status.heads.map((run) => [
    run.name,
    run.role,
    run.state,
    formatCount(run.tokens),
    formatNumber(run.finalLoss),
    formatSeconds(run.elapsedMs / 1000),
    formatCount(Math.round(run.tokensPerSecond))
  ])
  const failures = status.heads.filter((run) => run.error !== null)
  return [
    `Study ${status.study}`,
    '',
    textTable(['corpus', 'role', 'documents', 'text'], corpora),
    '',
    status.prepared
      ? `Runs: ${status.runs.done} of ${status.runs.planned} trained, ${status.runs.failed} failed. Measurements: ${status.measurements.done} of ${status.measurements.planned}.`
      : 'The text is not prepared yet: assay plan shows what would run.',
    ...(heads.length > 0
      ? ['', textTable(['run', 'role', 'state', 'tokens', 'loss', 'time', 'tokens/s'], heads)]
      : []),
    ...failures.map((run) => `failed ${run.name}: ${run.error?.code}: ${run.error?.message}`)
  ].join('\n')
}

/** Reads a JSON file; errors name the file and the place. */
export async function readJson(path: string): Promise<unknown> {
  if (!existsSync(path)) {
    throw new WorkbenchError('usage/invalid', `There is no file ${resolve(path)}.`, { path })
  }
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch (error) {
    throw new WorkbenchError('study/invalid', `${path} is not JSON: ${(error as Error).message}`, {
      path
    })
  }
}
