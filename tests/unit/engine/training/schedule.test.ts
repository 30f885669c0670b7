import { expect, it } from 'vitest'
import { learningRateAt } from '#engine/training/schedule'

const base = { peakLearningRate: 2, warmupSteps: 4, finalShare: 0.1 } as const

function curve(schedule: 'cosine' | 'constant' | 'anneal', steps: number): number[] {
  return Array.from({ length: steps }, (_, step) =>
    Number(learningRateAt({ ...base, schedule }, step, steps).toFixed(6))
  )
}

it('warms up in equal steps to the peak and stays there when constant', () => {
  expect(curve('constant', 6)).toEqual([0.5, 1, 1.5, 2, 2, 2])
})

it('anneals in equal steps to zero, reached after the last step', () => {
  expect(curve('anneal', 8)).toEqual([0.5, 1, 1.5, 2, 2, 1.5, 1, 0.5])
})

it('falls along a cosine to the final share, reached after the last step', () => {
  const halfway = 2 * 0.55
  expect(curve('cosine', 8)[6]).toBeCloseTo(halfway, 6)
  expect(learningRateAt({ ...base, schedule: 'cosine' }, 8, 8)).toBeCloseTo(0.2, 12)
})

it('has no warm-up where none is asked for', () => {
  const recipe = { ...base, warmupSteps: 0, schedule: 'constant' } as const
  expect(learningRateAt(recipe, 0, 10)).toBe(2)
})
