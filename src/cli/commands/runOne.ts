/** `assay run-one`: exactly one job of a study, wherever its project is at hand. */
import type { Command } from 'commander'
import { WorkbenchError } from '#shared/errors'
import { version } from '../../../package.json'
import { CLAIMED, MOST_IN_VAIN, TRY_AGAIN, confirmCommands, putBack } from '#engine'
import { Warned, onWarning } from '../elementSignals'
import { EXIT, withProject } from '../session'
import { tellText } from '../output'

interface RunOneFlags {
  study?: string
  threads?: string
  assay?: string
  trustCommands?: boolean
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
    .option('--trust-commands', 'confirm that the commands of the study may run, from now on')
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
        if (flags.trustCommands) await confirmCommands(session.folder, study)
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
            ? `${job.state} ${job.label}: ${job.error.code}: ${job.error.message}`
            : `${job.state} ${job.label}`
        )
        print(lines.join('\n'), { study: study.name, jobs })
        if (signal.reason instanceof Warned) {
          if (jobs.filter(({ state }) => state !== 'stopped').length === keys.length) return EXIT.ok
          return leave(session.folder, jobs)
        }
        if (jobs.some(({ error }) => error?.code === 'run/claimed')) return CLAIMED
        if (jobs.some(({ state }) => state === 'stopped')) return EXIT.interrupted
        return jobs.some(({ state }) => state === 'failed') ? EXIT.failed : EXIT.ok
      })
    })
}

/** Puts this element back into its queue, unless it would get nowhere again. */
async function leave(
  project: string,
  jobs: readonly { key: string; state: string; isFurther: boolean }[]
): Promise<number> {
  const work = jobs.map(({ key, state, isFurther }) => ({
    key,
    isDone: state === 'done',
    isFurther
  }))
  const came = await putBack(project, work)
  if (came === 'put-back') return EXIT.ok
  if (came === 'refused') return TRY_AGAIN
  tellText(
    `its time was over ${MOST_IN_VAIN + 1} times before anything was done: give elements more of it (timeMinutes)\n`
  )
  return EXIT.failed
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
