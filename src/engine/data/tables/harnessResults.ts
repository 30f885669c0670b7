/** Results of lm-evaluation-harness as a table of losses: a row per file, a column per metric. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { fileError } from './tableFile'
import type { TableFile, TableRow } from './tableFile'
import { RUN_NAMES, named } from './columnChoice'
import { MOST_NATS } from './observations'
import type { SourceFile } from '../sources'

const ResultsSchema = z.looseObject({
  results: z.record(z.string(), z.record(z.string(), z.unknown())),
  group_subtasks: z.record(z.string(), z.array(z.string())).optional(),
  higher_is_better: z.record(z.string(), z.record(z.string(), z.boolean().nullable())).optional(),
  model_name: z.string().nullish(),
  config: z
    .looseObject({
      model: z.string().nullish(),
      model_args: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish()
    })
    .optional()
})
type Results = z.infer<typeof ResultsSchema>

/** How a metric becomes a loss, which is better when lower. */
type Direction = 'bits' | 'perplexity' | 'lower' | 'higher'

/** One number of a results file. */
interface Score {
  task: string
  /** `task/metric,filter`: the column. */
  column: string
  metric: string
  loss: number
  direction: Direction
}

/** Metrics by which a task is measured unless others are named, the finest first. */
const PREFERRED = [
  'bits_per_byte',
  'byte_perplexity',
  'perplexity',
  'word_perplexity',
  'acc_norm',
  'acc',
  'exact_match',
  'f1'
]

/** Better when higher, where a file does not say it. */
const HIGHER = /^(acc|exact_match|em$|f1|mc[12]$|pass@|bleu|rouge|mcc|likelihood_diff)/

const IN_WORDS: Record<Direction, string> = {
  bits: 'as nats per byte',
  perplexity: 'as its logarithm',
  lower: 'as it stands',
  higher: 'as 1 − value'
}

/**
 * Reads `results_*.json` files of lm-evaluation-harness as one table.
 *
 * Bits per byte are multiplied by ln 2, of perplexities the logarithm is taken, and of what is better
 * when higher the distance from 1, so that every number is a loss. Of each task the finest metric is
 * its domain's loss unless columns are named; parts of a group that has a number of its own are
 * left to be named too.
 *
 * @throws WorkbenchError `table/invalid` for a file of another layout
 * @see https://github.com/EleutherAI/lm-evaluation-harness, `EvaluationTracker`; layout of 0.4.13
 */
export async function readHarnessResults(files: readonly SourceFile[]): Promise<TableFile> {
  const scores = new Map<string, Score>()
  const parts = new Set<string>()
  const rows: TableRow[] = []
  for (const file of files) {
    const results = await parseResults(file.path)
    const own = scoresOf(results, file.path)
    const run = runOf(results, file.path)
    for (const [group, members] of Object.entries(results.group_subtasks ?? {})) {
      if (own.some(({ task }) => task === group)) members.forEach((task) => parts.add(task))
    }
    for (const score of own) if (!scores.has(score.column)) scores.set(score.column, score)
    const about = Object.fromEntries(RUN_NAMES.map((name) => [name, run]))
    const losses = Object.fromEntries(own.map(({ column, loss }) => [column, loss]))
    rows.push({ file: file.path, line: 1, cells: { ...about, ...losses } })
  }
  const usual = preferred([...scores.values()].filter(({ task }) => !parts.has(task)))
  const said = usual.map((one) => `${one.task} ${one.metric} (${IN_WORDS[one.direction]})`)
  return {
    path: files.map(({ path }) => path).join(', '),
    name: files.map(({ label }) => label).join(', '),
    columns: [...RUN_NAMES, ...scores.keys()],
    rows,
    harness: {
      files: files.map(({ path, label }) => ({ path, name: label, rows: 1 })),
      losses: usual.map(({ column, task }) => named(column, task)),
      note: `Of lm-evaluation-harness's results each task's loss is ${said.join(', ')}.`
    }
  }
}

async function parseResults(path: string): Promise<Results> {
  const text = await readFile(path, 'utf8')
  let raw: unknown
  try {
    // Python writes numbers that are none as bare words.
    raw = JSON.parse(text.replace(/(?<=[:,[]\s*)(-?Infinity|NaN)(?=\s*[,}\]])/g, 'null'))
  } catch (error) {
    throw notResults(path, `no JSON (${(error as Error).message})`)
  }
  const parsed = ResultsSchema.safeParse(raw)
  if (!parsed.success) throw notResults(path, z.prettifyError(parsed.error))
  return parsed.data
}

function notResults(path: string, found: string) {
  return fileError(
    path,
    'a results file of lm-evaluation-harness, with "results"',
    found,
    'Name its files results_*.json by a glob; samples_*.jsonl beside them are no tables.'
  )
}

/** Name of the model: what the file says, else what was loaded, an adapter before its base. */
function runOf({ model_name: name, config }: Results, path: string): string {
  if (name) return name
  const given = config?.model_args
  const pairs =
    typeof given === 'string'
      ? given.split(',').map((pair) => pair.split('=', 2) as [string, string?])
      : Object.entries(given ?? {})
  const args = new Map<string, unknown>(pairs.map(([key, value]) => [key.trim(), value]))
  const found = ['peft', 'delta', 'pretrained', 'model', 'path'].flatMap((key) => {
    const value = args.get(key)
    return typeof value === 'string' && value !== '' ? [value] : []
  })[0]
  if (found !== undefined) return found
  throw fileError(path, 'the model\'s name, as "model_name" or in "config.model_args"', 'neither')
}

function scoresOf(results: Results, path: string): Score[] {
  const scores = Object.entries(results.results).flatMap(([task, values]) =>
    Object.entries(values).flatMap(([key, value]): Score[] => {
      const [metric] = key.split(',', 1) as [string]
      const isMetric = typeof value === 'number' && metric !== 'alias' && metric !== 'sample_len'
      if (!isMetric || metric.endsWith('_stderr')) return []
      const direction = directionOf(metric, results.higher_is_better?.[task]?.[metric])
      const loss = lossOf(value, direction)
      return loss === null ? [] : [{ task, column: `${task}/${key}`, metric, loss, direction }]
    })
  )
  if (scores.length > 0) return scores
  throw notResults(path, 'no metric that can be read as a loss')
}

function directionOf(metric: string, isHigherBetter: boolean | null | undefined): Direction {
  if (metric === 'bits_per_byte') return 'bits'
  if (metric.endsWith('perplexity')) return 'perplexity'
  return (isHigherBetter ?? HIGHER.test(metric)) ? 'higher' : 'lower'
}

/** Null for what is no loss: a share beyond 0 to 1, a perplexity below 1, a number of another size. */
function lossOf(value: number, direction: Direction): number | null {
  const loss = {
    bits: value * Math.LN2,
    perplexity: Math.log(value),
    lower: value,
    higher: 1 - value
  }[direction]
  return loss >= 0 && loss <= MOST_NATS ? loss : null
}

/** Of each task the score of the finest metric. */
function preferred(scores: readonly Score[]): Score[] {
  const rank = ({ metric }: Score) => {
    const place = PREFERRED.indexOf(metric)
    return place < 0 ? PREFERRED.length : place
  }
  const best = new Map<string, Score>()
  for (const score of scores) {
    const other = best.get(score.task)
    if (!other || rank(score) < rank(other)) best.set(score.task, score)
  }
  return [...best.values()]
}
