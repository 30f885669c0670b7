/** `assay import-models`: checkpoints that were trained elsewhere, as a study of a project. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { wholeNumber } from '../flags'
import { EXIT, withEngine } from '../session'

interface ImportModelsFlags {
  seed?: string
  tokenizer?: string
  endOfText?: string
  window?: string
  study: string
  json?: boolean
}

/** Adds `import-models` to the program. */
export function addImportModelsCommand(program: Command): void {
  program
    .command('import-models')
    .description('Make a study of checkpoints that were trained elsewhere.')
    .argument('<project>', 'project folder; made where it is not there yet')
    .argument('<models>', 'CSV table, or folder of one folder per partition (docs/checkpoints.md)')
    .option('--seed <folder>', 'the model that branches came of')
    .option('--tokenizer <file>', 'a tokenizer.json, where models have none beside them')
    .option('--end-of-text <token>', 'the token that ends a document, where it has no usual name')
    .option('--window <tokens>', 'tokens measured at a time (default: 2048, or what models can)')
    .option('--study <name>', 'name of the study; one of that name is replaced', 'models')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay import-models my-study checkpoints/\n  assay import-models my-study models.csv --seed pythia-160m-step1000\n  assay import my-study held-out.jsonl --as evaluation\n  assay run my-study'
    )
    .action(async (path: string, models: string, flags: ImportModelsFlags) => {
      await withEngine(flags, async ({ engine, print, progress, signal }) => {
        const isThere = existsSync(path)
        const session = isThere
          ? await engine.openProject(path)
          : await engine.createProject(resolve(path))
        try {
          const made = await session.importModels(
            {
              path: resolve(models),
              name: flags.study,
              ...(flags.seed === undefined ? {} : { seed: resolve(flags.seed) }),
              ...(flags.tokenizer === undefined ? {} : { tokenizerFile: resolve(flags.tokenizer) }),
              ...(flags.endOfText === undefined ? {} : { endOfText: flags.endOfText }),
              ...(flags.window === undefined
                ? {}
                : { window: wholeNumber(flags.window, '--window') })
            },
            { signal, onProgress: (one) => progress.update('import', one) }
          )
          // The study that a new project begins with is of text, which this one has not.
          if (!isThere) await session.removeStudy(session.studies[0]!.name)
          const partitions = new Set(made.study.models!.branches.map((one) => one.partition)).size
          print(
            [
              `Study "${made.study.name}": ${made.branches} branches of ${partitions} partitions, ${made.sequential} sequential models.`,
              ...made.warnings.map((warning) => `Note: ${warning}`),
              `Next: assay import ${path} FILES --as evaluation, then assay run ${path}`
            ].join('\n'),
            { project: session.folder, ...made }
          )
          return EXIT.ok
        } finally {
          await session.close()
        }
      })
    })
}
