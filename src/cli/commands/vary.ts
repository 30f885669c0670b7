/** `assay vary`: one setting of a study varied, as studies of their own, and what they found. */
import type { Command } from 'commander'
import { version } from '../../../package.json'
import { addSeries, planSeries, priceSeries, readSeries, saveSeries, studiesOf } from '#engine'
import type { ProjectSession, RunSummary } from '#engine'
import type { Study } from '#shared/records'
import { SERIES_KINDS, settingsFrom } from '#shared/series'
import type { SeriesKind, SeriesRequest } from '#shared/series'
import { WorkbenchError } from '#shared/errors'
import { choice, wholeNumber } from '../flags'
import { describeSeries, describeSeriesCost } from '../seriesSummary'
import { EXIT, withProject } from '../session'
import type { CommandContext } from '../session'
import { studyDisplay } from '../studyDisplay'
import { exitOf, secondsAllowed, untilTime } from './run'

interface VaryFlags {
  study?: string
  values?: string
  truth?: string
  repeats?: boolean
  plan?: boolean
  run?: boolean
  result?: boolean
  csv?: string
  html?: string
  svg?: string
  hours?: string
  until?: string
  threads?: string
  json?: boolean
}

/** Adds `vary` to the program. */
export function addVaryCommand(program: Command): void {
  program
    .command('vary')
    .alias('experiment')
    .description(
      'Vary one setting: add a study for each, in the same project, and read what they found.'
    )
    .argument('<project>', 'project folder')
    .argument('<kind>', SERIES_KINDS.join(', '))
    .option('--study <name>', 'the study that is varied (default: the first)')
    .option('--values <list>', 'settings, divided by commas (default: sensible ones)')
    .option('--truth <which>', 'mixtures that are also trained: all, none, or so many at random')
    .option('--repeats', 'train every setting again under the other random seeds of the study')
    .option('--plan', 'only say what it would cost')
    .option('--run', 'train and measure what the studies lack; run again to go on')
    .option('--result', 'what is measured so far; may be asked beside a run')
    .option('--csv <file>', 'with --result: write its table')
    .option('--html <file>', 'with --result: write figure and table as one page')
    .option('--svg <file>', 'with --result: write its figure')
    .option('--hours <n>', 'with --run: stop after so many hours, cleanly')
    .option('--until <time>', 'with --run: stop at this time of day, cleanly: 08:00')
    .option('--threads <n>', 'threads to use (default: all)')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay vary my-study branch-rate --plan\n  assay vary my-study unit-size --values 1,2,4 --run' +
        '\n  assay vary my-study swap-one --values law,code --truth 4\n  assay vary my-study branch-rate --result --html rates.html'
    )
    .action(async (path: string, kindName: string, flags: VaryFlags) => {
      const kind = choice(SERIES_KINDS, kindName, 'KIND')
      assertTogether(flags)
      const request = requestOf(kind, flags)
      const seconds = secondsAllowed(flags, new Date())
      const readOnly = flags.result ?? false
      await withProject(path, { ...flags, readOnly }, async (context, session) => {
        const base = session.study(flags.study)
        if (flags.result) return tellResult(context, session, { base: base.name, kind, flags })
        const there = studiesOf(session.studies, { kind, of: base.name }).map(({ study }) => study)
        const isAsked = [flags.values, flags.truth, flags.repeats].some((one) => one !== undefined)
        const isKept = !isAsked && there.length > 0
        const studies = isKept ? there : await planSeries(session, base, request)
        const following = {
          signal: context.signal,
          onProgress: context.progress.update.bind(context.progress, 'prepare')
        }
        if (flags.plan !== true && !isKept) await addSeries(session, studies)
        const asked = `${path} ${kind}${flags.study ? ` --study "${flags.study}"` : ''}`
        if (!flags.run) {
          const cost = await priceSeries(session, base, studies, following)
          context.print(
            describeSeriesCost(cost, { next: asked, isPlan: flags.plan ?? false }),
            cost
          )
          return EXIT.ok
        }
        return untilTime(seconds, context, () => runAll(context, session, studies, asked))
      })
    })
}

/** Studies one after another, each as `run` does it; what they share is trained once. */
async function runAll(
  { progress, signal, print }: CommandContext,
  session: ProjectSession,
  studies: readonly Study[],
  asked: string
): Promise<number> {
  const done: (RunSummary & { study: string })[] = []
  for (const study of studies) {
    if (signal.aborted) break
    progress.log(`${study.name}`)
    const summary = await session.run(study, {
      signal,
      onProgress: (one) => progress.update('prepare', one),
      onEvent: studyDisplay(progress)
    })
    done.push({ study: study.name, ...summary })
  }
  const failed = done.flatMap((one) => one.failed)
  const sum = (of: (one: RunSummary) => number) => done.reduce((all, one) => all + of(one), 0)
  const did = `${sum((one) => one.trained)} runs trained, ${sum((one) => one.measured)} models measured`
  print(
    [
      ...failed.map((one) => `failed ${one.name}: ${one.code}: ${one.message}`),
      signal.aborted
        ? `Stopped cleanly: ${did}. To go on: assay vary ${asked} --run`
        : `Done: ${did}. Result: assay vary ${asked} --result`
    ].join('\n'),
    { studies: done }
  )
  return exitOf({ failed }, signal)
}

async function tellResult(
  { print }: CommandContext,
  session: ProjectSession,
  { base, kind, flags }: { base: string; kind: SeriesKind; flags: VaryFlags }
): Promise<number> {
  const result = await readSeries(session, base, kind)
  const { csv, html, svg } = flags
  const files = await saveSeries(
    session,
    result,
    { ...(csv ? { csv } : {}), ...(html ? { html } : {}), ...(svg ? { svg } : {}) },
    { version }
  )
  const written = files.map((file) => `Written: ${file}`)
  print([describeSeries(result), ...written].join('\n'), { ...result, files })
  return EXIT.ok
}

function requestOf(kind: SeriesKind, { values = '', truth, repeats }: VaryFlags): SeriesRequest {
  return {
    kind,
    values: settingsFrom(kind, values),
    ...(truth === undefined ? {} : { truth: truthFrom(truth) }),
    ...(repeats === true ? { repeats } : {})
  }
}

function truthFrom(text: string): NonNullable<SeriesRequest['truth']> {
  if (text === 'all' || text === 'none') return text
  const count = wholeNumber(text, '--truth')
  if (count > 0) return count
  throw new WorkbenchError('usage/invalid', `--truth wants all, none or a number, found "${text}".`)
}

function assertTogether(flags: VaryFlags): void {
  const ways = (['plan', 'run', 'result'] as const).filter((way) => flags[way])
  if (ways.length > 1) {
    throw new WorkbenchError('usage/invalid', `Give one of --${ways.join(' and --')}, not both.`)
  }
  const files = (['csv', 'html', 'svg'] as const).filter((one) => flags[one] !== undefined)
  if (files.length > 0 && !flags.result) {
    throw new WorkbenchError('usage/invalid', `--${files[0]} goes with --result.`)
  }
}
