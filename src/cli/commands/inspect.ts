/** `assay inspect`: what is in models, and whether they may be merged. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { describeInspection } from '../inspectionSummary'
import { EXIT, withEngine } from '../session'

/** Adds `inspect` to the program. */
export function addInspectCommand(program: Command): void {
  program
    .command('inspect')
    .description('Look into models: parts, types, values, ancestry; of several whether they merge.')
    .argument('<model...>', 'Hugging Face folders of safetensors')
    .option('--headers', 'read headers only: no value is looked at, no distance measured')
    .option('--tensors', 'list every tensor with its values')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay inspect model\n  assay inspect base tuned-a tuned-b --json'
    )
    .action(
      async (paths: string[], flags: { headers?: boolean; tensors?: boolean; json?: boolean }) => {
        await withEngine(flags, async ({ engine, progress, print, signal }) => {
          const models = paths.map((path) => ({ name: path, folder: resolve(path) }))
          const inspection = await engine.inspectModels(
            { models, withValues: !(flags.headers ?? false) },
            { signal, onProgress: (one) => progress.update('inspect', one) }
          )
          print(describeInspection(inspection, { tensors: flags.tensors ?? false }), inspection)
          return EXIT.ok
        })
      }
    )
}
