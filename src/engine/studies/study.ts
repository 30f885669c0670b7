/** Studies as people write them: defaults, presets, and errors that name the field. */
import { z } from 'zod'
import { WorkbenchError } from '#shared/errors'
import { STUDY_VERSION, StudySchema } from '#shared/records'
import type { Study } from '#shared/records'
import { PRESETS } from '#engine/model/config'

/**
 * Reads a study from plain data; `model` may be the name of a preset.
 *
 * @param source says in errors where the data came from: a file, "the command line"
 * @throws WorkbenchError `study/invalid` with every field that is wrong, or
 *   `storage/newer-version`
 */
export function parseStudy(data: unknown, source: string): Study {
  const record = data as { version?: unknown } | null
  if (record && typeof record.version === 'number' && record.version > STUDY_VERSION) {
    throw new WorkbenchError(
      'storage/newer-version',
      `${source} is a study of version ${record.version}; this Assay reads up to version ${STUDY_VERSION}.`,
      { source, found: record.version, expected: STUDY_VERSION }
    )
  }
  const parsed = StudySchema.safeParse(filledIn(data, source))
  if (!parsed.success) {
    throw new WorkbenchError(
      'study/invalid',
      `${source} is not a study:\n${z.prettifyError(parsed.error)}\nEvery field is described in docs/study.md.`,
      { source, fields: parsed.error.issues.map((issue) => issue.path.join('.')) }
    )
  }
  checkStudy(parsed.data, source)
  return parsed.data
}

/** Warm-up of a start without moments: AdamW's first steps are far too long without any. */
const FRESH_WARMUP_STEPS = 20

/**
 * Fills in what depends on other fields: a preset's shape, the branches' rate (the seed's final
 * one), and a warm-up where no moments are carried on.
 */
function filledIn(data: unknown, source: string): unknown {
  if (!isRecord(data)) return data
  const filled: Record<string, unknown> = { ...data }
  if (typeof data['model'] === 'string') filled['model'] = presetShape(data['model'], source)
  if (isRecord(data['branch'])) {
    const branch: Record<string, unknown> = { ...data['branch'] }
    const begins = isRecord(data['seed']) ? data['seed']['source'] : undefined
    const seed = isRecord(data['seed']) ? data['seed']['recipe'] : undefined
    if (begins === 'checkpoint') branch['start'] ??= 'weights'
    if (begins === 'none') branch['start'] ??= 'none'
    // Few trainers take another's moments on; one that does is told so.
    if (data['trainer'] !== undefined) branch['start'] ??= 'weights'
    if (branch['peakLearningRate'] === undefined && isRecord(seed)) {
      branch['peakLearningRate'] = finalRate(seed, source)
    }
    branch['schedule'] ??= 'constant'
    const isFresh = branch['start'] === 'weights' || branch['start'] === 'none'
    branch['warmupSteps'] ??= isFresh ? FRESH_WARMUP_STEPS : 0
    filled['branch'] = branch
  }
  return filled
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function finalRate(recipe: Record<string, unknown>, source: string): number | undefined {
  const { peakLearningRate: peak, schedule, finalShare } = recipe
  if (typeof peak !== 'number') return undefined
  if (schedule === 'anneal' || (schedule === 'cosine' && finalShare === 0)) {
    throw new WorkbenchError(
      'study/invalid',
      `${source}: branch.peakLearningRate: the seed's rate ends at zero, so branches cannot go on with it. Say at which rate they train.`,
      { source, field: 'branch.peakLearningRate' }
    )
  }
  if (schedule !== 'cosine') return peak
  return peak * (typeof finalShare === 'number' ? finalShare : 0.1)
}

function presetShape(name: string, source: string) {
  const shape = PRESETS[name]
  if (!shape) {
    throw new WorkbenchError(
      'study/invalid',
      `${source}: model "${name}" is no preset. Presets: ${Object.keys(PRESETS).join(', ')}; or give the shape itself.`,
      { source, field: 'model', found: name }
    )
  }
  return shape
}

function checkStudy(study: Study, source: string): void {
  const fail = (field: string, message: string): never => {
    throw new WorkbenchError('study/invalid', `${source}: ${field}: ${message}`, { source, field })
  }
  const own = study.sequential.recipe
  const trained = [
    ['branch', study.branch],
    ...(own ? ([['sequential.recipe', own]] as const) : [])
  ] as const
  for (const [field, recipe] of [
    ...trained,
    ...(study.seed.source === 'text' ? ([['seed.recipe', study.seed.recipe]] as const) : [])
  ] as const) {
    const { batchSize, microBatchSize } = recipe
    if (microBatchSize !== undefined && batchSize % microBatchSize !== 0) {
      fail(`${field}.microBatchSize`, `${microBatchSize} does not divide batchSize ${batchSize}`)
    }
  }
  for (const [field, recipe] of trained) {
    if (recipe.replay > 0 && study.seed.source !== 'text') {
      fail(`${field}.replay`, 'replay reads seed text, and this study has none (seed.source)')
    }
    if (recipe.start !== 'none' && study.seed.source === 'none') {
      fail(`${field}.start`, `"${recipe.start}" wants a seed, and this study has none`)
    }
  }
  if (study.seed.source === 'text' && study.seed.recipe.start === 'weights') {
    fail(
      'seed.recipe.start',
      'the seed starts from random weights; leave "start" out, it belongs to branch'
    )
  }
  if (study.seed.source === 'text' && study.seed.recipe.replay > 0) {
    fail('seed.recipe.replay', 'the seed reads seed text only; replay belongs to branch')
  }
  const { sequences, parts } = study.unit
  if (sequences < study.branch.batchSize) {
    fail(
      'unit.sequences',
      `a base unit of ${sequences} sequences is smaller than one batch (${study.branch.batchSize})`
    )
  }
  if (Math.floor(sequences / parts) < study.branch.batchSize) {
    fail(
      'unit.parts',
      `a base unit of ${sequences} sequences in ${parts} parts leaves less than one batch (${study.branch.batchSize}) to each`
    )
  }
  if (parts > 1 && study.mixtures.over === 'units') {
    fail('unit.parts', 'parts of units are merged by partition: set mixtures.over to "partitions"')
  }
}

/**
 * A study to begin with: sensible on a workstation without a GPU, every choice written out.
 *
 * Ratios after the paper: branches train at the seed's final rate (a tenth of its peak), with the
 * seed's moments; see docs/study.md.
 */
export function defaultStudy(name: string): Study {
  const peak = 2e-3
  const recipe = { batchSize: 16, warmupSteps: 0, finalShare: 0.1 }
  return StudySchema.parse({
    version: STUDY_VERSION,
    name,
    tokenizer: { kind: 'train', vocabularySize: 2048 },
    model: PRESETS['1m'],
    seed: {
      source: 'text',
      corpus: 'seed',
      tokenBudget: 2_000_000,
      recipe: { ...recipe, peakLearningRate: peak, schedule: 'cosine', warmupSteps: 50 }
    },
    branch: { ...recipe, peakLearningRate: peak / 10, schedule: 'constant' },
    unit: { sequences: 1000 },
    mixtures: { over: 'partitions', choose: { kind: 'all' } },
    sequential: { choose: { kind: 'random', count: 20 } }
  })
}
