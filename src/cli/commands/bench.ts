/** `assay bench`: how fast this machine trains, evaluates, merges and tokenises. */
import { resolve } from 'node:path'
import { Argument } from 'commander'
import type { Command } from 'commander'
import type { BenchResult, Engine } from '#engine'
import type { DecoderConfig } from '#shared/records'
import { formatBytes, formatCount } from '../format'
import { EXIT, withEngine } from '../session'
import { choice, wholeNumber } from './importText'

const KINDS = ['train', 'campaign', 'eval', 'merge', 'tokenize'] as const
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
  demo: {
    config: {
      ...llama,
      vocabularySize: 2048,
      hiddenSize: 128,
      hiddenLayers: 4,
      attentionHeads: 4,
      keyValueHeads: 4,
      intermediateSize: 352,
      contextLength: 128
    },
    batchSize: 16
  },
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
train     one branch on all threads        campaign  a branch per thread, rates added up
eval      perplexity on all threads        merge     8 models averaged in memory, beside a copy
tokenize  text to token ids

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
    return engine.bench({ ...job, what, repetitions: Math.min(5, job.repetitions) })
  }
  if (what !== 'campaign') return engine.bench({ ...job, what })
  const all = await Promise.all(
    Array.from({ length: engine.workersAtOnce }, () =>
      engine.bench({ ...job, what: 'train' }, 'narrow')
    )
  )
  return {
    ...all[0]!,
    tokensPerSecond: all.reduce((sum, one) => sum + (one.tokensPerSecond ?? 0), 0),
    peakBytes: Math.max(...all.map((one) => one.peakBytes)),
    threads: all.length,
    shape: `${all.length} at once: ${all[0]!.shape}`
  }
}

function describe(what: Kind, result: BenchResult): string {
  const { tokensPerSecond, bytesPerSecond, copyBytesPerSecond, share, peakBytes } = result
  return [
    `${what}: ${result.shape}`,
    tokensPerSecond === undefined ? '' : `  ${formatCount(tokensPerSecond)} tokens/s`,
    bytesPerSecond === undefined ? '' : `  ${formatBytes(bytesPerSecond)}/s`,
    copyBytesPerSecond === undefined
      ? ''
      : `  a plain copy: ${formatBytes(copyBytesPerSecond)}/s; averaging reaches ${((share ?? 0) * 100).toFixed(0)} % of it`,
    `  ${result.backend}, ${result.threads} threads, ${formatBytes(peakBytes)} of memory at most`
  ]
    .filter(Boolean)
    .join('\n')
}
