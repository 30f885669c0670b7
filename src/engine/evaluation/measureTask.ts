/** A model on a task: what each answer costs it, given the context. */
import type { TaskItem } from '#engine/data/taskItems'
import { encodePairs } from '#engine/tokenizer/encodePair'
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'
import { WorkbenchError } from '#shared/errors'
import { scoreItem } from '#shared/metrics'
import type { AnswerCost } from '#shared/metrics'
import { LossGatherer } from './lossSample'
import type { Evaluator, MeasureOptions } from './measureDocuments'
import type { TextHooks } from './measureText'

/** What a task's items cost a model, and what it would have answered. */
export interface MeasuredTask {
  /** Of the right answers. */
  gold: LossGatherer
  /** By item; empty for tasks without choices. */
  normalizedProbability: number[]
  isRight: number[]
  isRightPerByte: number[]
}

const ITEMS_AT_ONCE = 256

/**
 * Measures items, some hundreds at a time.
 *
 * Every answer is scored behind its context, the context is not; where both are longer than the
 * window, the context loses its beginning. Ids are those of {@link encodePairs}.
 *
 * @throws WorkbenchError `domain/empty` where an answer has no token, `checkpoint/mismatch`
 * @throws the signal's reason when aborted
 */
export async function measureTask(
  evaluator: Evaluator,
  tokenizer: TextTokenizer,
  items: AsyncIterable<TaskItem>,
  options: Omit<MeasureOptions, 'contexts'>,
  hooks: TextHooks
): Promise<MeasuredTask> {
  const task: MeasuredTask = {
    gold: new LossGatherer(),
    normalizedProbability: [],
    isRight: [],
    isRightPerByte: []
  }
  for await (const group of groupsOf(items)) {
    hooks.signal.throwIfAborted()
    const pairs = await encodePairs(
      tokenizer,
      group.flatMap(({ context, answers }) => answers.map((answer) => ({ context, answer })))
    )
    const none = pairs.findIndex(({ answer }) => answer.length === 0)
    if (none >= 0) throw noToken(group, none)
    const measured = { ...options, contexts: pairs.map(({ context }) => context.length) }
    const documents = pairs.map(({ context, answer }) => Int32Array.from([...context, ...answer]))
    const before = task.gold.count
    const tell = (done: number, total: number) => hooks.onMeasured?.(done / total, before)
    const nats = await evaluator.measure(documents, measured, hooks.signal, tell)
    let next = 0
    for (const { answers, gold } of group) {
      const costs = answers.map((_, index) => {
        const { answerBytes } = pairs[next + index]!
        return { nats: nats[next + index]!, bytes: answerBytes }
      })
      const right = pairs[next + gold]!
      task.gold.add(costs[gold]!.nats, right.answer.length, right.answerBytes)
      if (answers.length > 1) choose(task, costs, gold)
      next += answers.length
    }
    hooks.onGroup?.(task.gold.count)
  }
  return task
}

/** What the model would have answered, and how probable the right answer is among all. */
function choose(task: MeasuredTask, costs: readonly AnswerCost[], gold: number): void {
  const score = scoreItem(costs, gold)
  task.normalizedProbability.push(score.normalizedProbability)
  task.isRight.push(score.accuracy)
  task.isRightPerByte.push(score.accuracyPerByte)
}

async function* groupsOf(items: AsyncIterable<TaskItem>): AsyncGenerator<TaskItem[]> {
  let group: TaskItem[] = []
  for await (const item of items) {
    group.push(item)
    if (group.length < ITEMS_AT_ONCE) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

function noToken(group: readonly TaskItem[], pair: number): WorkbenchError {
  const answer = group.flatMap(({ answers }) => answers)[pair]!
  return new WorkbenchError(
    'domain/empty',
    `The answer ${JSON.stringify(answer)} has no token to predict. Expected answers of which the tokenizer makes a token at least.`,
    { answer }
  )
}
