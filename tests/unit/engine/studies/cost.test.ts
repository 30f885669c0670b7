import { expect, test } from 'vitest'
import { parameterCount, trainingFlopsPerToken } from '#engine/model/config'
import { planSummary } from '#engine/studies/cost'
import { planStudy } from '#engine/studies/plan'
import { preparedText, smallStudy } from '../../../support/preparedText'

const RATE = {
  trainTokensPerSecond: 1000,
  evaluateTokensPerSecond: 4000,
  workers: 2,
  source: 'given'
}
const MACHINE = { device: 'a processor', availableBytes: 8e9, freeDiskBytes: 9e9 }

function summary(units: Record<string, number>, isDone: (fingerprint: string) => boolean) {
  const study = smallStudy()
  const plan = planStudy(study, preparedText(units))
  const measurements = { total: 12, missing: 6, tokensEach: 2000 }
  return { plan, study, cost: planSummary(study, plan, RATE, MACHINE, isDone, measurements) }
}

test('merging costs seed and branches, the naive way every mixture from the same seed', () => {
  const { plan, cost } = summary({ law: 2, code: 1, mail: 1 }, () => false)
  const unit = 100 * 16
  const seed = plan.seed!.tokens
  // Seven mixtures: law is in four of them with two units, code and mail in four with one.
  expect(cost.modular).toMatchObject({ runs: 1 + 4, tokens: seed + 4 * unit })
  expect(cost.naive).toMatchObject({ runs: 1 + 7, tokens: seed + (4 * 2 + 4 + 4) * unit })
  for (const way of [cost.modular, cost.naive]) {
    expect(way.flops).toBe(way.tokens * trainingFlopsPerToken(plan.config))
    expect(way.seconds).toBe(way.tokens / 2000)
  }
})

test('what is done costs nothing more; evaluation is planned apart', () => {
  const { plan, cost: before } = summary({ law: 1, code: 1 }, () => false)
  const done = new Set([plan.seed!.fingerprint, plan.branches[0]!.fingerprint])
  const { cost: after } = summary({ law: 1, code: 1 }, (one) => done.has(one))
  const lines = (cost: typeof before) =>
    cost.lines.map(({ what, count, done, tokens }) => [what, count, done, tokens])
  expect(lines(before)).toEqual([
    ['seed', 1, 0, plan.seed!.tokens],
    ['branches', 2, 0, 3200],
    // The sequential models of one unit are branches.
    ['sequential models', 3, 0, 2 * 1600 + 3200],
    ['measurements', 12, 6, 12_000]
  ])
  expect(lines(after).slice(0, 2)).toEqual([
    ['seed', 1, 1, 0],
    ['branches', 2, 1, 1600]
  ])
  expect(after.trainingSeconds).toBeLessThan(before.trainingSeconds!)
  expect(after.evaluationSeconds).toBe(12_000 / (4000 * 2))
  expect(after.parameters).toBe(parameterCount(plan.config))
})
