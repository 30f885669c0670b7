/** The learning rate of each step. */
import type { Recipe } from '#shared/records'

type Schedule = Pick<Recipe, 'schedule' | 'peakLearningRate' | 'warmupSteps' | 'finalShare'>

/**
 * The learning rate with which a step updates the weights.
 *
 * Warm-up is linear and its last step has the peak. After it the schedule's curve is read at the
 * step's beginning, so that `cosine` would reach `finalShare` of the peak, and `anneal` zero, one
 * step after the last: no step is spent on a rate of zero.
 *
 * @param step 0 for the run's first
 * @param steps of the whole run, warm-up included
 */
export function learningRateAt(recipe: Schedule, step: number, steps: number): number {
  const { peakLearningRate: peak, warmupSteps, finalShare } = recipe
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps))
  switch (recipe.schedule) {
    case 'constant':
      return peak
    case 'anneal':
      return peak * (1 - progress)
    case 'cosine':
      return peak * (finalShare + ((1 - finalShare) * (1 + Math.cos(Math.PI * progress))) / 2)
  }
}
