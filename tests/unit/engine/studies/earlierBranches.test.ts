import { expect, test } from 'vitest'
import { keptSteps, planEarlier } from '#engine/studies/earlierBranches'
import { planStudy } from '#engine/studies/plan'
import { withParts } from '#engine/studies/unitParts'
import { preparedText, smallStudy } from '../../../support/preparedText'

test('parts of a unit that are not equally long keep their weights after the same steps', () => {
  const study = smallStudy()
  // Seven steps of a whole unit, in three parts: three, two and two.
  const sequences = 7 * study.branch.batchSize
  const own = {
    ...study,
    unit: { ...study.unit, sequences, parts: 3 },
    evaluation: { ...study.evaluation, branchCheckpoints: [0.2, 0.5] }
  }
  const text = preparedText({ a: 1, b: 1, c: 1 })
  const plan = planStudy(own, withParts(text, own))
  expect(new Set(plan.branches.map(({ steps }) => steps))).toEqual(new Set([2, 3]))
  for (const { step, branches } of planEarlier(own, plan)) {
    const kept = new Map(plan.branches.map((run) => [run.fingerprint, keptSteps(own, run)]))
    expect(branches.every(({ fingerprint }) => kept.get(fingerprint)!.includes(step))).toBe(true)
  }
  expect(planEarlier(own, plan).length).toBeGreaterThan(0)
})

test('what is trained again keeps the weights of its end alone', () => {
  const study = smallStudy({
    evaluation: { branchCheckpoints: [0.5] },
    repeats: { randomSeeds: [7], sequential: 1 }
  })
  const plan = planStudy(study, preparedText({ a: 1, b: 1 }))
  expect(keptSteps(study, plan.branches[0]!)).toHaveLength(1)
  expect(plan.repeats[0]!.branches.flatMap((run) => keptSteps(study, run))).toEqual([])
})
