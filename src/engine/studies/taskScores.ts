/** What models make of a task's items: accuracy, and the probability of the right answer. */
import { scoreItem } from '#shared/metrics'
import type { ItemScore } from '#shared/metrics'
import type { MeasuredDomain, ModelResult } from './results'

/** Means over items. */
export interface TaskScore extends ItemScore {
  items: number
}

/**
 * Scores a model on a task domain: means over those of the chosen documents that have choices.
 *
 * @param chosen numbers of documents, which of a task are items
 * @returns null where the domain has no choices, or the model is not measured on all of them
 */
export function taskScore(
  model: Pick<ModelResult, 'nats' | 'otherNats'> | undefined,
  domain: MeasuredDomain,
  chosen: readonly number[]
): TaskScore | null {
  const gold = model?.nats.get(domain.name)
  const others = model?.otherNats?.get(domain.name)
  if (!gold || !others || !domain.otherAnswers) return null
  const counts = new Set(chosen)
  const scores = itemsOf(domain.otherAnswers.item)
    .filter(({ item }) => counts.has(item))
    .map(({ item, answers }) => {
      const costs = answers.map((at) => ({
        nats: others[at]!,
        bytes: domain.otherAnswers!.bytes[at]!,
        place: domain.otherAnswers!.place[at]!
      }))
      // The right answer stands where no other does.
      const before = costs.findIndex(({ place }, index) => place !== index)
      const right = before < 0 ? costs.length : before
      const own = { nats: gold[item]!, bytes: domain.perDocument.bytes[item]! }
      return scoreItem([...costs.slice(0, right), own, ...costs.slice(right)], right)
    })
  if (scores.length === 0) return null
  const mean = (of: (score: ItemScore) => number) =>
    scores.reduce((sum, score) => sum + of(score), 0) / scores.length
  return {
    items: scores.length,
    normalizedProbability: mean((score) => score.normalizedProbability),
    accuracy: mean((score) => score.accuracy),
    accuracyPerByte: mean((score) => score.accuracyPerByte)
  }
}

/** Numbers of the other answers by item, which are ascending. */
function itemsOf(items: readonly number[]): { item: number; answers: number[] }[] {
  const found: { item: number; answers: number[] }[] = []
  for (const [answer, item] of items.entries()) {
    const last = found.at(-1)
    if (last?.item === item) last.answers.push(answer)
    else found.push({ item, answers: [answer] })
  }
  return found
}
