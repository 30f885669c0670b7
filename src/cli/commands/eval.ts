/** `assay eval`: what any Hugging Face folder makes of texts and tasks, outside any project. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { WorkbenchError } from '#shared/errors'
import type {
  EvaluationRequest,
  ModelEvaluation,
  NamedSource,
  TaskEvaluation,
  TextEvaluation
} from '#shared/textEvaluation'
import { describeEvaluations } from '../evaluationSummary'
import { addTaskFlags, wholeNumber } from '../flags'
import type { TaskFlags } from '../flags'
import { EXIT, withEngine } from '../session'
import type { CommandContext } from '../session'

interface EvalFlags extends TaskFlags {
  model: string[]
  data?: string[]
  task?: string[]
  text: string
  begin?: string
  window?: string
  stride?: string
  batchSize?: string
  limit?: string
  threads?: string
  json?: boolean
}

/** What the command prints: a row per model and source. */
export interface EvaluatedModels {
  models: Pick<ModelEvaluation, 'model' | 'definition' | 'device'>[]
  texts: ({ model: string } & TextEvaluation)[]
  tasks: ({ model: string } & TaskEvaluation)[]
}

/** Adds the command to the program. */
export function addEvalCommand(program: Command): void {
  const command = program
    .command('eval')
    .description('Measure Hugging Face folders on texts and tasks, outside any project.')
    .requiredOption('--model <folders...>', 'Hugging Face folders')
    .option('--data <paths...>', 'files, folders or globs of text; each is a row of the table')
    .option('--task <paths...>', 'JSONL of context, choices and gold; each is a row')
    .option('--text <field>', 'of --data: field that holds the text', 'text')
  addTaskFlags(command)
    .option('--begin <token>', "before each document (default: the folder's bos, else eos)")
    .option('--window <n>', "predicted tokens at once (default: the model's context, 2048 at most)")
    .option('--stride <n>', 'tokens that each window after the first scores (default: the window)')
    .option('--batch-size <n>', 'windows at once (default: as many as make 4096 tokens)')
    .option('--limit <n>', 'documents, or items, of each source at most')
    .option('--threads <n>', 'threads to use (default: all)')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  assay eval --model merged/ --data wiki.jsonl.zst --window 1024
  assay eval --model a/ b/ --data fiction/ law.jsonl --limit 500 --json
  assay eval --model a/ --task arc.jsonl --context question --choices choices --gold answerKey`
    )
    .action(async (flags: EvalFlags) => {
      if (!flags.data && !flags.task) {
        throw new WorkbenchError('usage/invalid', 'eval wants --data or --task, or both.')
      }
      await withEngine(flags, async (context) => {
        const found = await evaluate(context, flags)
        context.print(describeEvaluations(found), found)
        return EXIT.ok
      })
    })
}

async function evaluate(
  { engine, progress, signal }: CommandContext,
  flags: EvalFlags
): Promise<EvaluatedModels> {
  const found = await engine.evaluate(requestFor(flags), {
    signal,
    onProgress: (one) => progress.update('eval', one)
  })
  return {
    models: found.map(({ model, definition, device }) => ({ model, definition, device })),
    texts: found.flatMap(({ model, texts }) => texts.map((one) => ({ model, ...one }))),
    tasks: found.flatMap(({ model, tasks }) => tasks.map((one) => ({ model, ...one })))
  }
}

function requestFor(flags: EvalFlags): EvaluationRequest {
  const { text, context, choices, gold, delimiter, begin } = flags
  const number = (value: string | undefined, flag: string) =>
    value === undefined ? undefined : positive(value, flag)
  const window = number(flags.window, '--window')
  const stride = number(flags.stride, '--stride')
  const batchSize = number(flags.batchSize, '--batch-size')
  const limit = number(flags.limit, '--limit')
  return {
    models: flags.model.map((model) => ({ name: model, folder: resolve(model) })),
    texts: sources(flags.data),
    tasks: sources(flags.task),
    textField: text,
    taskFields: { context, choices, gold, delimiter },
    ...(begin === undefined ? {} : { begin }),
    ...(window === undefined ? {} : { window }),
    ...(stride === undefined ? {} : { stride }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(limit === undefined ? {} : { limit })
  }
}

function sources(paths: string[] = []): NamedSource[] {
  return paths.map((path) => ({ name: path, paths: [resolve(path)] }))
}

function positive(text: string, flag: string): number {
  const value = wholeNumber(text, flag)
  if (value >= 1) return value
  throw new WorkbenchError('usage/invalid', `${flag} wants at least 1, found "${text}".`, { flag })
}
