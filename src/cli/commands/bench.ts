/** `assay bench`: how fast this machine trains, evaluates, merges, tokenises and weighs evidence. */
import { resolve } from 'node:path'
import { Argument } from 'commander'
import type { Command } from 'commander'
import type { BenchJob, BenchResult, Engine } from '#engine'
import { StudySchema } from '#shared/records'
import type { DecoderConfig } from '#shared/records'
import { demoStudy } from '../demo/study'
import { choice, wholeNumber } from '../flags'
import { formatBytes, formatCount } from '../format'
import { EXIT, withEngine } from '../session'

const KINDS = [
  'train',
  'campaign',
  'eval',
  'merge',
  'tokenize',
  'ensemble',
  'bootstrap',
  'search'
] as const
type Kind = (typeof KINDS)[number]

const llama = {
  ropeTheta: 10000,
  rmsNormEpsilon: 1e-5,
  tieEmbeddings: false,
  initializerRange: 0.02
}

/** Shapes that docs/benchmarks.md reports. */
const SHAPES: Record<string, { config: DecoderConfig; batchSize: number }> = {
  '8.9m': {
    config: {
      ...llama,
      vocabularySize: 8192,
      hiddenSize: 256,
      hiddenLayers: 6,
      attentionHeads: 4,
      keyValueHeads: 4,
      intermediateSize: 672,
      contextLength: 256
    },
    batchSize: 8
  },
  demo: demoShape(),
  '130m': {
    config: {
      ...llama,
      tieEmbeddings: true,
      vocabularySize: 50304,
      hiddenSize: 768,
      hiddenLayers: 13,
      attentionHeads: 12,
      keyValueHeads: 12,
      intermediateSize: 2048,
      contextLength: 2048
    },
    batchSize: 1
  }
}

/** Branches of a campaign. */
const CAMPAIGN = 4

/** The model that `assay demo` trains. */
function demoShape(): { config: DecoderConfig; batchSize: number } {
  const { model, branch, tokenizer } = StudySchema.parse(demoStudy(1))
  if (tokenizer.kind !== 'train') throw new Error('the demo trains its tokenizer')
  const config = { ...model, vocabularySize: tokenizer.vocabularySize }
  return { config, batchSize: branch.batchSize }
}

interface BenchFlags {
  shape?: string
  seconds: string
  repetitions: string
  threads?: string
  data?: string
  json?: boolean
}

/** Adds `bench` to the program. */
export function addBenchCommand(program: Command): void {
  program
    .command('bench')
    .description('Measure a rate. npm run bench holds it against PyTorch and others.')
    .addArgument(new Argument('<what>', 'what to measure').choices(KINDS))
    .option('--shape <name>', `model: ${Object.keys(SHAPES).join(', ')}`)
    .option('--seconds <n>', 'begin no further repetition after so long', '20')
    .option('--repetitions <n>', 'repetitions at most', '1000')
    .option('--threads <n>', 'threads to use (default: all)')
    .option('--data <file>', 'tokenize: a file of plain text')
    .option('--json', 'print one JSON line')
    .addHelpText(
      'after',
      `
train     one branch on all threads        campaign  4 branches, one thread each, rates added up
eval      perplexity on all threads        merge     8 models averaged in memory by all
                                                   workers, beside a plain copy by one
tokenize  text to token ids                ensemble  mixtures scored by their branches
bootstrap correlations of 10,000           search    all subsets of 16 members by the
          resamples on 30 domains                    ensemble

Examples:
  assay bench train --shape demo
  assay bench merge --json`
    )
    .action(async (what: Kind, flags: BenchFlags) => {
      await withEngine(flags, async ({ engine, print }) => {
        const result = await measure(engine, what, flags)
        print(describe(what, result), result)
        return EXIT.ok
      })
    })
}

async function measure(engine: Engine, what: Kind, flags: BenchFlags): Promise<BenchResult> {
  const standard = what === 'merge' ? '130m' : '8.9m'
  const shape = SHAPES[choice(Object.keys(SHAPES), flags.shape ?? standard, '--shape')]!
  const job = {
    ...shape,
    repetitions: wholeNumber(flags.repetitions, '--repetitions'),
    seconds: wholeNumber(flags.seconds, '--seconds'),
    ...(flags.data ? { textFile: resolve(flags.data) } : {})
  }
  if (what === 'merge') {
    return benchMerge(engine, { ...job, what, repetitions: Math.min(5, job.repetitions) })
  }
  if (what !== 'campaign') return engine.bench({ ...job, what })
  const all = await Promise.all(
    Array.from({ length: CAMPAIGN }, () => engine.bench({ ...job, what: 'train' }, 'narrow'))
  )
  const atOnce = Math.min(CAMPAIGN, engine.workersAtOnce)
  const total = all.reduce((sum, one) => sum + (one.tokensPerSecond ?? 0), 0)
  return {
    ...all[0]!,
    tokensPerSecond: (total / CAMPAIGN) * atOnce,
    peakBytes: Math.max(...all.map((one) => one.peakBytes)),
    threads: atOnce,
    shape: `${CAMPAIGN} branches, ${atOnce} at once: ${all[0]!.shape}`
  }
}

/** One worker alone first, beside a plain copy; then all at once, each with its share. */
async function benchMerge(engine: Engine, job: BenchJob): Promise<BenchResult> {
  const alone = await engine.bench(job, 'narrow')
  const workers = engine.workersAtOnce
  const all = await Promise.all(
    Array.from({ length: workers }, () => engine.bench({ ...job, oneIn: workers }, 'narrow'))
  )
  return {
    ...alone,
    bytesPerSecond: all.reduce((sum, one) => sum + (one.bytesPerSecond ?? 0), 0),
    aloneBytesPerSecond: alone.bytesPerSecond ?? 0,
    threads: workers
  }
}

function describe(what: Kind, result: BenchResult): string {
  const { tokensPerSecond, bytesPerSecond, mixturesPerSecond, elapsedSeconds, peakBytes } = result
  return [
    `${what}: ${result.shape}`,
    tokensPerSecond === undefined ? '' : `  ${formatCount(tokensPerSecond)} tokens/s`,
    bytesPerSecond === undefined ? '' : `  ${formatBytes(bytesPerSecond)}/s`,
    mixturesPerSecond === undefined ? '' : `  ${formatCount(mixturesPerSecond)} mixtures/s`,
    elapsedSeconds === undefined ? '' : `  ${elapsedSeconds.toFixed(2)} s`,
    describeCopy(result),
    `  ${result.backend}, ${result.threads} threads, ${formatBytes(peakBytes)} of memory at most`
  ]
    .filter(Boolean)
    .join('\n')
}

function describeCopy(result: BenchResult): string {
  const { bytesPerSecond = 0, aloneBytesPerSecond = 0, copyBytesPerSecond } = result
  if (copyBytesPerSecond === undefined) return ''
  const share = (rate: number) => `${((rate / copyBytesPerSecond) * 100).toFixed(0)} %`
  return (
    `  a plain copy on one thread: ${formatBytes(copyBytesPerSecond)}/s; averaging reaches ` +
    `${share(aloneBytesPerSecond)} of it on one thread, ${share(bytesPerSecond)} on ${result.threads}`
  )
}
