/** `assay plan` and `assay run`: what a study would cost, and doing it. */
import type { Command } from 'commander'
import { confirmCluster, confirmTrainer, hasElements } from '#engine'
import type { PlanSummary, RunOptions, RunSummary } from '#engine'
import { bytesFrom } from '#shared/byteSize'
import { WorkbenchError } from '#shared/errors'
import { localSettingsOf } from '#shared/executors'
import type { ExecutorSettings } from '#shared/executors'
import { isLeaving } from '#shared/leaving'
import type { Study } from '#shared/records'
import { EXIT, isInterrupted, withProject } from '../session'
import type { CommandContext } from '../session'
import { studyDisplay } from '../studyDisplay'
import { formatBytes, formatCount, formatFlops, formatSeconds, textTable } from '../format'

/** The reason with which `--hours` and `--until` stop a run. */
class TimeIsUp extends Error {
  constructor() {
    super('the time given is up')
    this.name = 'TimeIsUp'
  }
}

interface RunFlags {
  study?: string
  hours?: string
  until?: string
  threads?: string
  diskFloor?: string
  local?: boolean
  devices?: string
  trustTrainer?: boolean
  trustCluster?: boolean
  json?: boolean
}

/** Adds `plan` and `run` to the program. */
export function addRunCommands(program: Command): void {
  program
    .command('plan')
    .description('Say what running the study would do and cost. Prepares the text.')
    .argument('<project>', 'project folder')
    .option('--study <name>', 'which study (default: the first)')
    .option('--threads <n>', 'threads to use (default: all)')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExamples:\n  assay plan my-study\n  assay plan my-study --json')
    .action(async (path: string, flags: RunFlags) => {
      await withProject(path, flags, async ({ progress, signal, print }, session) => {
        const summary = await session.cost(session.study(flags.study), {
          signal,
          onProgress: (one) => progress.update('prepare', one)
        })
        print(describePlan(summary), summary)
        return EXIT.ok
      })
    })

  program
    .command('run')
    .description(
      'Train and measure what the study lacks. Ctrl-C stops cleanly; run again to go on.'
    )
    .argument('<project>', 'project folder')
    .option('--study <name>', 'which study (default: the first)')
    .option('--hours <n>', 'stop after so many hours, cleanly')
    .option('--until <time>', 'stop at this time of day, cleanly: 08:00')
    .option('--threads <n>', 'threads to use (default: all)')
    .option('--disk-floor <bytes>', 'wait while less is free: 5GB (default: by the model)')
    .option('--local', 'run it on this machine, whatever its executor is')
    .option('--devices <numbers>', 'run it on these GPUs of this machine: 0,2, or all')
    .option(
      '--trust-cluster',
      'confirm the commands and places of the study’s cluster, from now on'
    )
    .option('--trust-trainer', 'confirm that the study’s trainer may run here, from now on')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay run my-study\n  assay run my-study --hours 9\n  assay run my-study --until 08:00\n  assay run my-study --devices 0,2'
    )
    .action(async (path: string, flags: RunFlags) => {
      const isTimeUp = timeAllowed(flags)
      const disk = diskFloor(flags)
      await withProject(path, flags, async (context, session) => {
        const { progress, signal, print } = context
        const study = session.study(flags.study)
        if (flags.trustCluster) await confirmCluster(session.folder, study)
        if (flags.trustTrainer) await confirmTrainer(session.folder, study)
        const summary = await untilTime(isTimeUp, context, () =>
          session.run(study, {
            signal,
            disk,
            ...executorAsked(study, flags),
            onProgress: (one) => progress.update('prepare', one),
            onEvent: studyDisplay(progress)
          })
        )
        const isLeft = isLeaving(signal) && (await hasElements(session))
        print(describeSummary(summary, path, signal, isLeft), summary)
        return exitOf(summary, signal)
      })
    })
}

/**
 * Where `--local` and `--devices` ask for a study to be run; what else its record says of this machine stays.
 *
 * @throws WorkbenchError `usage/invalid`
 */
export function executorAsked(
  { executor }: Pick<Study, 'executor'>,
  { local, devices }: { local?: boolean; devices?: string }
): { executor?: ExecutorSettings } {
  if (devices === undefined) return local === true ? { executor: localSettingsOf(executor) } : {}
  const here = localSettingsOf(executor)
  if (devices === 'all') return { executor: { ...here, devices } }
  const words = devices.split(',').map((word) => word.trim())
  if (words.every((word) => /^\d+$/.test(word))) {
    return { executor: { ...here, devices: [...new Set(words.map(Number))] } }
  }
  throw new WorkbenchError(
    'usage/invalid',
    `--devices wants numbers of devices such as 0,2, or all; found "${devices}".`
  )
}

/** What `--disk-floor` asks for. */
export function diskFloor(flags: { diskFloor?: string }): RunOptions['disk'] & object {
  if (flags.diskFloor === undefined) return {}
  return { floorBytes: bytesFrom(flags.diskFloor, '--disk-floor') }
}

/** Asks work to stop cleanly when its time is up; null: never. */
export async function untilTime<Result>(
  isTimeUp: (() => boolean) | null,
  { stop }: Pick<CommandContext, 'stop'>,
  work: () => Promise<Result>
): Promise<Result> {
  // One timer for all of it would overflow after 24 days.
  const timer = setInterval(() => {
    if (isTimeUp?.()) stop(new TimeIsUp())
  }, 500)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

/** The exit status of what was run. */
export function exitOf({ failed }: Pick<RunSummary, 'failed'>, signal: AbortSignal): number {
  if (isInterrupted(signal)) return EXIT.interrupted
  return failed.length > 0 ? EXIT.failed : EXIT.ok
}

function describeSummary(
  summary: RunSummary,
  path: string,
  signal: AbortSignal,
  isLeft: boolean
): string {
  const leftBehind = isLeft
    ? `\nIts jobs stay in the cluster's queue: the next run takes in what they do. To take them out: assay cluster cancel ${path}`
    : ''
  const did = `${summary.trained} runs trained, ${summary.measured} models measured`
  const failed = summary.failed.map((one) => `failed ${one.name}: ${one.code}: ${one.message}`)
  const next = signal.aborted
    ? `Stopped cleanly: ${did}. To go on: assay run ${path}${leftBehind}`
    : `Done: ${did}. Tables: assay export ${path} --out FOLDER`
  return [...failed, next].join('\n')
}

/** Describes what a study costs, beside the naive way. */
export function describePlan(plan: PlanSummary): string {
  const lines = plan.lines.map((line) => [
    line.what,
    String(line.count),
    String(line.done),
    formatCount(line.tokens),
    formatFlops(line.flops),
    formatSeconds(line.seconds)
  ])
  const way = (name: string, one: PlanSummary['modular']) => [
    name,
    String(one.runs),
    formatCount(one.tokens),
    formatFlops(one.flops),
    formatSeconds(one.seconds)
  ]
  return [
    `Study ${plan.study}: ${formatCount(plan.parameters)} parameters, ${formatFlops(plan.trainingFlopsPerToken)} per trained token, ${plan.mixtures} mixtures`,
    '',
    textTable(['what', 'in all', 'done', 'tokens left', 'compute left', 'time left'], lines),
    '',
    `Left: ${formatSeconds(plan.trainingSeconds)} of training and ${formatSeconds(plan.evaluationSeconds)} of evaluation, ` +
      `${formatBytes(plan.diskBytes)} of disk (${formatBytes(plan.freeDiskBytes)} free), ` +
      (plan.memoryBytes === null
        ? 'memory as its trainer needs'
        : `${formatBytes(plan.memoryBytes)} of memory per worker`),
    plan.availableBytes === null
      ? `Device: ${plan.device}`
      : `Device: ${plan.device}; ${formatBytes(plan.availableBytes)} of memory available` +
        (plan.largest
          ? `, enough to train preset ${plan.largest.preset} (${formatCount(plan.largest.parameters)} parameters with this vocabulary)`
          : ''),
    `Rate: ${plan.rate.trainTokensPerSecond === null ? 'unknown' : formatCount(plan.rate.trainTokensPerSecond)} tokens/s training, ${formatCount(plan.rate.evaluateTokensPerSecond)} tokens/s evaluating per worker, ` +
      `${plan.rate.workers} workers (${plan.rate.source})`,
    '',
    'To answer for every mixture:',
    textTable(
      ['way', 'runs', 'tokens', 'compute', 'time'],
      [way('merging branches', plan.modular), way('training each mixture', plan.naive)]
    )
  ].join('\n')
}

/** Clocks in ms: that of the wall, which people and time zones set, and one that only goes on. */
const CLOCKS = { wall: Date.now, steady: () => performance.now() }

/**
 * Whether a run's time is up, by `--hours` or `--until`; null without either.
 *
 * Hours are counted by a clock that nobody sets, which stands still while the machine sleeps; a time of
 * day is what the wall's clock says, daylight saving included.
 *
 * @param clocks the present, so that it can be tested
 * @throws WorkbenchError `usage/invalid`
 */
export function timeAllowed(
  flags: { hours?: string; until?: string },
  clocks = CLOCKS
): (() => boolean) | null {
  if (flags.hours !== undefined && flags.until !== undefined) {
    throw new WorkbenchError('usage/invalid', 'Give --hours or --until, not both.')
  }
  if (flags.hours !== undefined) {
    const hours = Number(flags.hours)
    if (!(hours > 0)) {
      throw new WorkbenchError(
        'usage/invalid',
        `--hours wants a number above 0, found "${flags.hours}".`
      )
    }
    const endsAt = clocks.steady() + hours * 3_600_000
    return () => clocks.steady() >= endsAt
  }
  if (flags.until === undefined) return null
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(flags.until)
  if (!match) {
    throw new WorkbenchError(
      'usage/invalid',
      `--until wants a time such as 08:00, found "${flags.until}".`
    )
  }
  const now = new Date(clocks.wall())
  const end = new Date(now)
  end.setHours(Number(match[1]), Number(match[2]), 0, 0)
  if (end <= now) end.setDate(end.getDate() + 1)
  return () => clocks.wall() >= end.getTime()
}
