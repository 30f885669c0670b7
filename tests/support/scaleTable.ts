/** What studies of every size cost, by the formulas that `plan` goes by: the table of docs/scale.md. */
import { PRESETS, trainingMemoryBytes } from '#engine/model/config'
import { planSummary } from '#engine/studies/cost'
import { distinctModels } from '#engine/studies/measureModels'
import { planStudy } from '#engine/studies/plan'
import { PAPER, inventedStudy } from '#engine/studies/simulation/inventory'
import type { Inventory } from '#engine/studies/simulation/inventory'
import { formatBytes } from '#shared/byteSize'

/** 40 % of 312 TFLOP/s, what an A100 does with bfloat16 at most: an assumption, nothing measured. */
const ASSUMED_FLOPS = 0.4 * 312e12

/** `npm run bench` of 2026-11-27, two threads of an AMD EPYC: docs/benchmarks.md. */
const MEASURED = { train: 7_319, evaluate: 18_350, workers: 2 }

/** A line of `measurements.jsonl`, and a document's value in `measurements.f64`, in bytes. */
const LINE_BYTES = 340
const VALUE_BYTES = 8

interface Case extends Inventory {
  name: string
  domains: number
  documentsEach: number
  /** Predicted tokens of one domain. */
  tokensEach: number
  /** GPUs at once; null: the CPU that was measured. */
  gpus: readonly (number | null)[]
  /** Its models were trained elsewhere. */
  isImported?: boolean
}

const paper = (name: string, preset: string): Case => ({
  ...PAPER,
  name,
  preset,
  mixtures: { kind: 'sizes', sizes: [2] },
  sequential: 100,
  merges: ['micro'],
  domains: 26,
  documentsEach: 200,
  tokensEach: 200_000,
  gpus: [1, 8, 64]
})

/** So many units, two to a partition, and mixtures of two to four drawn at random. */
function drawn(
  name: string,
  [preset, vocabularySize]: [string, number],
  [units, domains, mixtures]: [number, number, number],
  more: { unitTokens: number; seedTokens: number; sequential: number; batchSize: number }
): Omit<Case, 'gpus'> {
  const { unitTokens, ...rest } = more
  return {
    name,
    preset,
    vocabularySize,
    units,
    partitions: units / 2,
    unitSequences: Math.floor(unitTokens / PRESETS[preset]!.contextLength),
    mixtures: { kind: 'random', count: mixtures, minimumSize: 2, maximumSize: 4 },
    merges: ['micro', 'macro'],
    domains,
    documentsEach: 100,
    tokensEach: 100_000,
    ...rest
  }
}

const CASES: Case[] = [
  paper('the paper’s inventory, 130M', '130m'),
  paper('the paper’s inventory, 1.1B', '1.1b'),
  {
    ...drawn('S', ['9m', 8192], [16, 8, 500], {
      unitTokens: 2e6,
      seedTokens: 20e6,
      sequential: 24,
      batchSize: 8
    }),
    gpus: [null]
  },
  {
    ...drawn('M', ['60m', 16_384], [64, 20, 2000], {
      unitTokens: 20e6,
      seedTokens: 400e6,
      sequential: 100,
      batchSize: 64
    }),
    gpus: [1]
  },
  {
    ...drawn('L', ['130m', 16_384], [128, 40, 5000], {
      unitTokens: 100e6,
      seedTokens: 4e9,
      sequential: 200,
      batchSize: 256
    }),
    gpus: [4]
  },
  {
    ...drawn('X', ['1.1b', 50_304], [32, 20, 500], {
      unitTokens: 1e9,
      seedTokens: 40e9,
      sequential: 0,
      batchSize: 256
    }),
    gpus: [1],
    isImported: true
  }
]

function summaryOf(one: Case, gpus: number | null) {
  const { study, text } = inventedStudy(one)
  const plan = planStudy(study, text)
  const models = distinctModels(plan).length
  const isDone = () => one.isImported === true
  const price = (rate: { train: number; evaluate: number; workers: number }) =>
    planSummary(
      study,
      plan,
      {
        trainTokensPerSecond: rate.train,
        evaluateTokensPerSecond: rate.evaluate,
        workers: rate.workers,
        source: 'see docs/scale.md'
      },
      { device: 'any', availableBytes: null, freeDiskBytes: 0 },
      isDone,
      { total: models, missing: models, tokensEach: one.domains * one.tokensEach }
    )
  // What is measured is all workers together; a GPU's rate follows from its FLOPs.
  const { train, evaluate, workers } = MEASURED
  if (gpus === null) {
    return price({ train: train / workers, evaluate: evaluate / workers, workers })
  }
  const { trainingFlopsPerToken: flops } = price({ train: 1, evaluate: 1, workers: 1 })
  const perToken = ASSUMED_FLOPS / flops
  return price({ train: perToken, evaluate: 3 * perToken, workers: gpus })
}

function rowsOf(one: Case): string[] {
  const [first] = one.gpus
  const summary = summaryOf(one, first!)
  const training = summary.lines.filter(({ what }) => what !== 'measurements')
  const measuring = summary.lines.at(-1)!
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const measurements = measuring.count * one.domains
  const bytes = measurements * (LINE_BYTES + one.documentsEach * VALUE_BYTES)
  const runs = sum(training.map(({ count, done }) => count - done))
  const times = one.gpus.map((gpus) => {
    const { trainingSeconds, evaluationSeconds, naive } = summaryOf(one, gpus)
    const where =
      gpus === null ? `CPU, ${MEASURED.workers} threads` : `${gpus} GPU${gpus > 1 ? 's' : ''}`
    const cells = [trainingSeconds!, evaluationSeconds, naive.seconds!].map(hours)
    return [where, ...cells]
  })
  const column = (index: number) => times.map((row) => row[index]).join('<br>')
  return [
    one.name,
    `${one.units} units, ${count(summary.mixtures)} mixtures, ${one.domains} domains`,
    count(summary.parameters),
    count(runs),
    count(sum(training.map(({ tokens }) => tokens))),
    flops(sum(training.map((line) => line.flops))),
    flops(measuring.flops),
    column(0),
    column(1),
    column(2),
    column(3),
    formatBytes(summary.diskBytes),
    `${count(measurements)}, ${formatBytes(bytes)}`,
    formatBytes(memoryOf(one))
  ]
}

/** With a batch cut into passes of eight sequences at most. */
function memoryOf(one: Case): number {
  const { study, text } = inventedStudy(one)
  const config = { ...study.model, vocabularySize: text.tokenizer.vocabularySize }
  return trainingMemoryBytes(config, { ...study.branch, microBatchSize: 8 })
}

const count = (value: number) =>
  value < 1e6 ? Math.round(value).toLocaleString('en') : `${scaled(value, ['M', 'B', 'T'], 1e6)}`
const flops = (value: number) => (value === 0 ? '0' : value.toExponential(1).replace('e+', 'e'))

function scaled(value: number, units: readonly string[], first: number): string {
  let at = 0
  let rest = value / first
  while (rest >= 1000 && at < units.length - 1) {
    rest /= 1000
    at++
  }
  return `${rest.toPrecision(3)}${units[at]}`
}

function hours(seconds: number): string {
  const value = seconds / 3600
  return value < 10 ? `${value.toFixed(1)} h` : `${Math.round(value).toLocaleString('en')} h`
}

const HEADER = [
  'study',
  'what',
  'parameters',
  'runs',
  'tokens trained on',
  'training FLOPs',
  'measuring FLOPs',
  'on',
  'training',
  'measuring',
  'every mixture trained',
  'disk of runs',
  'measurements',
  'memory of a training'
]

/** The table in Markdown. */
export function scaleTable(): string {
  const rows = [HEADER, HEADER.map(() => '---'), ...CASES.map(rowsOf)]
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n')
}
