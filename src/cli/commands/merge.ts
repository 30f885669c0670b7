/** `assay merge`: models of any folders merged into one, never held whole. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { readMergekit } from '#engine'
import { WorkbenchError } from '#shared/errors'
import { MERGE_METHODS, MERGE_SETTINGS } from '#shared/merging'
import type {
  MergeMethod,
  MergeRecipe,
  MergeSetting,
  MergeSettings,
  SettingRule
} from '#shared/merging'
import { byteCount, choice, dtypeFrom, numberList, oneNumber, wholeNumber } from '../flags'
import { formatBytes, formatSeconds } from '../format'
import { describeMergePlan } from '../mergeSummary'
import { EXIT, withEngine } from '../session'

interface MergeFlags {
  method?: string
  base?: string
  weights?: string
  density?: string
  t?: string
  lambda?: string
  set: string[]
  dtype?: string
  shardSize: string
  randomSeed: string
  config?: string
  out: string
  plan?: boolean
  json?: boolean
}

/** Adds `merge` to the program. */
export function addMergeCommand(program: Command): void {
  program
    .command('merge')
    .description('Merge models of Hugging Face folders into a folder, of any architecture.')
    .argument('[models...]', 'folders of models')
    .option('--method <method>', `${MERGE_METHODS.join(', ')} (default: linear)`)
    .option('--weights <numbers>', 'one per model: 1,2,1 (default: 1 each)')
    .option('--base <folder>', "model to which the others' differences are taken")
    .option('--density <numbers>', 'share of values kept, one for all or one per model: 0.5')
    .option('--t <number>', 'slerp: how far from the first model to the second')
    .option('--lambda <number>', 'scales the sum of differences')
    .option(
      '--set <name=value>',
      'any other setting, by mergekit’s names: normalize=false, epsilon=0.1',
      (text: string, before: string[]) => [...before, text],
      []
    )
    .option('--dtype <type>', 'float32, bfloat16, float16 (default: as the models are stored)')
    .option('--shard-size <bytes>', 'bytes of one file at most', '5GB')
    .option('--random-seed <n>', 'of what dare and della leave out', '1')
    .option('--config <file>', 'a mergekit configuration instead of models and flags')
    .requiredOption('--out <folder>', 'folder that is not there yet')
    .option('--plan', 'say what it would do and need; merge nothing')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  assay merge law code prose --out merged
  assay merge law code --weights 3,1 --dtype bfloat16 --out merged
  assay merge law code --method task_arithmetic --base seed --weights 0.6,0.4 --out merged
  assay merge seed law --method slerp --t 0.3 --out between
  assay merge law code --method ties --base seed --density 0.5 --set normalize=true --out merged
  assay merge --config mergekit.yaml --out merged --plan

Methods, their settings, memory and precision: docs/merging.md.`
    )
    .action(async (models: string[], flags: MergeFlags) => {
      await withEngine(flags, async ({ engine, print, progress, signal, isJson }) => {
        const recipe = flags.config
          ? await recipeOfFile(flags.config, models, flags)
          : recipeOf(models, flags)
        const folder = resolve(flags.out)
        const job = { recipe, folder, shardBytes: byteCount(flags.shardSize, '--shard-size') }
        const plan = await engine.planMerge(job)
        const said = describeMergePlan(plan)
        if (flags.plan) {
          print(said, { plan })
          return EXIT.ok
        }
        if (!isJson) progress.log(`${said}\n`)
        const onProgress = (one: Parameters<typeof progress.update>[1]) =>
          progress.update('merge', one)
        const result = await engine.mergeModels(job, { signal, onProgress })
        const { bytesRead, bytesWritten, elapsedSeconds, peakBytes } = result
        const rate = (bytesRead + bytesWritten) / elapsedSeconds
        print(
          `Written: ${folder} (${formatBytes(bytesWritten)} of weights) in ${formatSeconds(elapsedSeconds)}, ${formatBytes(rate)}/s, ${formatBytes(peakBytes)} of memory at most`,
          { plan, result }
        )
        return EXIT.ok
      })
    })
}

async function recipeOfFile(
  file: string,
  models: readonly string[],
  flags: MergeFlags
): Promise<MergeRecipe> {
  const { method, weights, base, density, t, lambda, set } = flags
  const given = { method, weights, base, density, t, lambda, set: set[0] }
  const [other] = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`]
  )
  if (other !== undefined || models.length > 0) {
    throw new WorkbenchError(
      'usage/invalid',
      `--config says what is merged and how: leave out ${other ?? 'the models'}, or write it into ${file}.`,
      { flag: '--config', found: other ?? models[0]! }
    )
  }
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new WorkbenchError('usage/invalid', `--config: ${file} cannot be read (${error.code}).`, {
      flag: '--config',
      found: file
    })
  })
  const recipe = readMergekit(text, file, wholeNumber(flags.randomSeed, '--random-seed'))
  return {
    ...recipe,
    base: recipe.base === null ? null : resolve(recipe.base),
    models: recipe.models.map((model) => ({ ...model, folder: resolve(model.folder) })),
    dtype: flags.dtype === undefined ? recipe.dtype : dtypeFrom(flags.dtype)
  }
}

function recipeOf(named: readonly string[], flags: MergeFlags): MergeRecipe {
  const asked = (flags.method ?? 'linear').replaceAll('-', '_') as MergeMethod
  const method = choice(MERGE_METHODS, asked, '--method')
  const folders = named.map((model) => resolve(model))
  // Of two ends the first is the one that t = 0 gives.
  const isFromFirst = method === 'slerp' && flags.base === undefined && folders.length === 2
  const base = isFromFirst ? folders[0]! : flags.base === undefined ? null : resolve(flags.base)
  const models = isFromFirst ? folders.slice(1) : folders.filter((folder) => folder !== base)
  const hasWeights = !['slerp', 'karcher', 'model_stock'].includes(method)
  const given = flags.weights ?? models.map(() => 1).join(',')
  const weights = hasWeights || flags.weights ? perModel(given, models, '--weights') : null
  const density = flags.density === undefined ? null : densities(flags.density, models)
  return {
    method,
    base,
    models: models.map((folder, index) => ({
      folder,
      settings: {
        ...(weights ? { weight: always(weights[index]!) } : {}),
        ...(density ? { density: always(density[index]!) } : {})
      }
    })),
    settings: sharedSettings(flags),
    dtype: flags.dtype === undefined ? null : dtypeFrom(flags.dtype),
    randomSeed: wholeNumber(flags.randomSeed, '--random-seed')
  }
}

const always = (value: number | boolean): SettingRule[] => [{ filter: null, value }]

function perModel(text: string, models: readonly string[], flag: string): number[] {
  const numbers = models.length === 0 && text === '' ? [] : numberList(text, flag)
  if (numbers.length === models.length) return numbers
  throw new WorkbenchError(
    'usage/invalid',
    `${flag} wants one number for each of the ${models.length} models, found ${numbers.length}: ${text}.`,
    { flag, expected: models.length, found: numbers.length }
  )
}

function densities(text: string, models: readonly string[]): number[] {
  const numbers = numberList(text, '--density')
  if (numbers.length === 1) return models.map(() => numbers[0]!)
  return perModel(text, models, '--density')
}

function sharedSettings({ t, lambda, set }: MergeFlags): MergeSettings {
  const settings: MergeSettings = {}
  if (t !== undefined) settings.t = always(oneNumber(t, '--t'))
  if (lambda !== undefined) settings.lambda = always(oneNumber(lambda, '--lambda'))
  for (const one of set) {
    const [, name = '', value = ''] = /^([\w-]+)=(.+)$/.exec(one) ?? []
    const setting: MergeSetting = choice(
      MERGE_SETTINGS,
      name.replaceAll('-', '_') as MergeSetting,
      '--set NAME=VALUE: NAME'
    )
    const isWord = value === 'true' || value === 'false'
    settings[setting] = always(isWord ? value === 'true' : oneNumber(value, `--set ${name}`))
  }
  return settings
}
