/** `assay diagnose`: why the proxy of a study may fail, by measured tests. */
import type { Command } from 'commander'
import { measureLines } from '#engine'
import { describeDiagnosis } from '../diagnosis'
import { wholeNumber } from '../flags'
import { EXIT, Interrupted, withProject } from '../session'
import { studyDisplay } from '../studyDisplay'

interface DiagnoseFlags {
  study?: string
  lines?: boolean
  propose?: string
  add?: boolean
  json?: boolean
}

/** Adds `diagnose` to the program. */
export function addDiagnoseCommand(program: Command): void {
  program
    .command('diagnose')
    .description('Say why the proxy may fail: a measured test and a verdict for each claim.')
    .argument('<project>', 'project folder')
    .option('--study <name>', 'which study (default: the first)')
    .option('--lines', 'first measure loss along lines between seed, branches and their merge')
    .option('--propose <n>', 'how many mixtures to propose where too few were trained')
    .option('--add', 'keep what is proposed in the study: the next run trains it')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay diagnose my-study\n  assay diagnose my-study --lines\n  assay diagnose my-study --propose 5 --add'
    )
    .action(async (path: string, flags: DiagnoseFlags) => {
      // What is measured or added must be written; a diagnosis alone is kept where it can be.
      const mustWrite = (flags.lines ?? false) || (flags.add ?? false)
      const options = { ...flags, readOnly: mustWrite ? false : ('where it must' as const) }
      await withProject(path, options, async ({ progress, print, signal }, session) => {
        const study = session.study(flags.study)
        const propose = flags.propose === undefined ? null : wholeNumber(flags.propose, '--propose')
        if (flags.lines) {
          await measureLines(session, study, { signal, onEvent: studyDisplay(progress) })
          if (signal.aborted) {
            progress.log('What was measured is kept. The same command goes on.')
            throw new Interrupted()
          }
        }
        const diagnosis = await session.reports.diagnosis(study, { signal, propose })
        const names = diagnosis.proposed.map(({ mixture }) => mixture)
        if (flags.add && names.length > 0) {
          const design = [...study.sequential.design, ...names]
          await session.saveStudy({ ...study, sequential: { ...study.sequential, design } })
        }
        const added = flags.add ? `\n\nKept in the study: ${names.join(', ') || 'nothing'}.` : ''
        print(describeDiagnosis(diagnosis) + added, diagnosis)
        return EXIT.ok
      })
    })
}
