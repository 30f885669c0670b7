/** `assay diagnose`: why the proxy of a study may fail, by measured tests. */
import type { Command } from 'commander'
import { describeDiagnosis } from '../diagnosis'
import { EXIT, withProject } from '../session'

/** Adds `diagnose` to the program. */
export function addDiagnoseCommand(program: Command): void {
  program
    .command('diagnose')
    .description('Say why the proxy may fail: a measured test and a verdict for each claim.')
    .argument('<project>', 'project folder')
    .option('--study <name>', 'which study (default: the first)')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  assay diagnose my-study')
    .action(async (path: string, flags: { study?: string; json?: boolean }) => {
      const options = { ...flags, readOnly: 'where it must' as const }
      await withProject(path, options, async ({ print, signal }, session) => {
        const study = session.study(flags.study)
        const diagnosis = await session.reports.diagnosis(study, { signal })
        print(describeDiagnosis(diagnosis), diagnosis)
        return EXIT.ok
      })
    })
}
