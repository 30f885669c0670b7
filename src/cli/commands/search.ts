/** `assay search`: which mixtures should be trained on, by the cheapest proxy. */
import type { Command } from 'commander'
import { WorkbenchError } from '#shared/errors'
import { choice, namedNumbers, wholeNumber } from '../flags'
import { describeSearch } from '../searchSummary'
import { EXIT, withProject } from '../session'

interface SearchFlags {
  study?: string
  over: string
  target: Record<string, number>
  atMost: Record<string, number>
  atLeast: Record<string, number>
  shareAtMost: Record<string, number>
  sizes?: string
  pareto: Record<string, number>
  rescore: string
  tokens?: string
  repeat?: string
  limit: string
  json?: boolean
}

/** Adds `search` to the program. */
export function addSearchCommand(program: Command): void {
  const named = (flag: string) => (text: string, before: Record<string, number>) =>
    namedNumbers(text, before, flag)
  program
    .command('search')
    .description(
      'Search for the best mixtures by the ensemble of their branches. Works beside a run.'
    )
    .argument('<project>', 'project folder')
    .option('--study <name>', 'which study (default: the first)')
    .option('--over <what>', 'subsets, or weights on the best of them', 'subsets')
    .option('--target <weights>', 'domains to be good at: code=2,law=1', named('--target'), {})
    .option('--at-most <losses>', 'nats per token at most: fiction=4.1', named('--at-most'), {})
    .option('--at-least <shares>', 'least shares of partitions: law=0.1', named('--at-least'), {})
    .option(
      '--share-at-most <shares>',
      'largest shares of partitions: law=0.5',
      named('--share-at-most'),
      {}
    )
    .option('--sizes <range>', 'how many partitions: 3, or 2-4')
    .option('--tokens <n>', 'tokens to train on: 50M')
    .option('--repeat <n>', 'how often text may be read in training on --tokens')
    .option(
      '--pareto <weights>',
      'a second target, and what can be had of both: law=1',
      named('--pareto'),
      {}
    )
    .option('--rescore <n>', 'merge and measure so many of the best, to be shown beside', '0')
    .option('--limit <n>', 'mixtures shown', '10')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay search my-study\n  assay search my-study --target code=2,law=1 --at-most fiction=4.1' +
        '\n  assay search my-study --over weights --tokens 50M --repeat 4 --at-least law=0.1'
    )
    .action(async (path: string, flags: SearchFlags) => {
      const request = {
        over: choice(['subsets', 'weights'] as const, flags.over, '--over'),
        target: flags.target,
        atMost: flags.atMost,
        atLeast: flags.atLeast,
        noMore: flags.shareAtMost,
        sizes: flags.sizes === undefined ? null : sizesFrom(flags.sizes),
        second: Object.keys(flags.pareto).length > 0 ? flags.pareto : null,
        rescore: wholeNumber(flags.rescore, '--rescore'),
        tokens: flags.tokens === undefined ? null : wholeNumber(flags.tokens, '--tokens'),
        repeat: flags.repeat === undefined ? null : timesFrom(flags.repeat),
        limit: Math.max(1, wholeNumber(flags.limit, '--limit'))
      }
      const readOnly = request.rescore === 0
      await withProject(path, { ...flags, readOnly }, async (context, session) => {
        const { progress, signal, print } = context
        const found = await session.search(session.study(flags.study), request, {
          signal,
          onProgress: (one) => progress.update('search', one)
        })
        print(describeSearch(found), found)
        return EXIT.ok
      })
    })
}

function timesFrom(text: string): number {
  const times = Number(text)
  if (times > 0 && Number.isFinite(times)) return times
  throw new WorkbenchError('usage/invalid', `--repeat wants a number above 0, found "${text}".`)
}

function sizesFrom(text: string): { least: number; most: number } {
  const [, least, most] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? []
  if (least === undefined) {
    throw new WorkbenchError('usage/invalid', `--sizes wants 3 or 2-4, found "${text}".`)
  }
  return { least: Number(least), most: Number(most ?? least) }
}
