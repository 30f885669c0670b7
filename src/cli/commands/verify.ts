/** `assay verify`: whether every file of a project is what was written. */
import type { Command } from 'commander'
import { verifyProject } from '#engine'
import { describeCheck } from '../checkSummary'
import { EXIT, withEngine } from '../session'

interface VerifyFlags {
  repair?: boolean
  keepEdits?: boolean
  redoCurves?: boolean
  json?: boolean
}

/** Adds `verify` to the program. */
export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('Hold every file of a project against its checksum; exit 1 when one is damaged.')
    .argument('<project>', 'project folder')
    .option('--repair', 'set damaged things aside, so that the next run redoes them')
    .option('--keep-edits', 'with --repair: take project.assay as it was changed by hand')
    .option('--redo-curves', 'with --repair: train runs again that lost their curve alone')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay verify my-project\n  assay verify my-project --repair'
    )
    .action(async (path: string, flags: VerifyFlags) => {
      await withEngine(flags, async ({ progress, print, signal }) => {
        const found = await verifyProject(path, {
          repair: flags.repair ?? false,
          keepEdits: flags.keepEdits ?? false,
          redoCurves: flags.redoCurves ?? false,
          signal,
          onProgress: (one) => progress.update('verify', one)
        })
        print(describeCheck(found, path, flags.repair ?? false), found)
        return found.damaged.length === 0 ? EXIT.ok : EXIT.failed
      })
    })
}
