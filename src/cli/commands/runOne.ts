/** `assay run-one`: exactly one job of a study, wherever its project is at hand. */
import type { Command } from 'commander'
import { WorkbenchError } from '#shared/errors'
import { version } from '../../../package.json'
import { confirmTrainer, requeueElement } from '#engine'
import { Warned, onWarning } from '../elementSignals'
import { EXIT, withProject } from '../session'

interface RunOneFlags {
  study?: string
  threads?: string
  assay?: string
  trustTrainer?: boolean
  json?: boolean
}

/** Adds `run-one` to the program. */
export function addRunOneCommand(program: Command): void {
  program
    .command('run-one')
    .description(
      'Do one job of a study here and leave what came of it for whoever runs the study. Executors call it; so may you, on any machine that has the project.'
    )
    .argument('<project>', 'project folder')
    .argument('<fingerprint...>', 'of runs to train, or of models to measure, one after another')
    .option('--study <name>', 'which study (default: the first)')
    .option('--threads <n>', 'threads to use (default: all)')
    .option('--trust-trainer', 'confirm that the study’s trainer may run here, from now on')
    .option('--assay <version>', 'refuse unless this is the version')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay run-one my-study 3f0c…\n  assay run-one my-study 3f0c… 9b1d… --study weights --json'
    )
    .action(async (path: string, keys: string[], flags: RunOneFlags) => {
      assertVersion(flags.assay)
      await withProject(path, { ...flags, readOnly: true }, async (context, session) => {
        const { progress, signal, stop, print } = context
        onWarning(() => stop(new Warned()))
        const study = session.study(flags.study)
        if (flags.trustTrainer) await confirmTrainer(session.folder, study)
        const jobs = []
        for (const key of keys) {
          if (signal.aborted) break
          const job = await session.runOne(study, key, version, {
            signal,
            onProgress: (one) => progress.update(key, one)
          })
          jobs.push({ key, ...job })
          if (job.state === 'stopped') break
        }
        const lines = jobs.map((job) =>
          job.error
            ? `failed ${job.label}: ${job.error.code}: ${job.error.message}`
            : `${job.state} ${job.label}`
        )
        print(lines.join('\n'), { study: study.name, jobs })
        if (signal.reason instanceof Warned)
          return putBack(jobs.filter(({ state }) => state !== 'stopped').length === keys.length)
        if (jobs.some(({ state }) => state === 'stopped')) return EXIT.interrupted
        return jobs.some(({ state }) => state === 'failed') ? EXIT.failed : EXIT.ok
      })
    })
}

/** Exit status of an element that should begin again and could not be put back: EX_TEMPFAIL. */
const TRY_AGAIN = 75

/** Puts this element back into its queue, where it has something left to do. */
async function putBack(isAllDone: boolean): Promise<number> {
  if (isAllDone) return EXIT.ok
  return (await requeueElement()) ? EXIT.ok : TRY_AGAIN
}

/** Two versions may plan differently: then what one asks for is not what the other would do. */
function assertVersion(expected: string | undefined): void {
  if (expected === undefined || expected === version) return
  throw new WorkbenchError(
    'executor/version',
    `This is Assay ${version}, and the job was given out by Assay ${expected}. Install the same version on both machines.`,
    { expected, found: version }
  )
}
