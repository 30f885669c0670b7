import { expect, test } from 'vitest'
import { compositions } from '#engine/proxies/composition'
import { REGRESSIONS } from '#engine/proxies/regression/regression'
import { compareProxies } from '#engine/studies/evidence/comparison'
import { studyFits } from '#engine/studies/evidence/fits'
import { scoreStudy } from '#engine/studies/evidence/scores'
import type { Mixture } from '#shared/records'
import { noiseOf, syntheticResults } from '../../../../support/syntheticResults'

const WORTH: Record<string, number> = { a: 0.1, b: 0.25, c: 0.3, d: 0.45, e: 0.2 }
const law = ({ members }: Mixture) =>
  4 - members.reduce((sum, { name }) => sum + WORTH[name]!, 0) / members.length

/** A merge is a straight function of the shares; the truth is the same with noise. */
function study(truthNoise: string) {
  return syntheticResults({
    partitions: { a: 1, b: 1, c: 1, d: 1, e: 1 },
    inDomains: ['a'],
    sequential: { choose: { kind: 'random', count: 12 } },
    merges: ['micro'],
    truth: (mixture) => law(mixture) + 0.01 * noiseOf(mixture.name + truthNoise),
    proxy: law
  })
}

test('regressions on merges see nothing that was trained, and are judged as other proxies are', () => {
  const [one, other] = [study('one'), study('other')]
  for (const kind of REGRESSIONS) {
    const values = (of: typeof one) => scoreStudy(of, 'all').proxy(`${kind}-merged`, 0, 'sum')
    expect(values(one), kind).toEqual(values(other))
    expect(scoreStudy(one, 'all').proxy(kind, 0, 'sum'), kind).not.toEqual(
      scoreStudy(other, 'all').proxy(kind, 0, 'sum')
    )
  }
  const rows = compareProxies(one).filter(({ domain }) => domain === 'mean-all-log')
  const accuracy = (proxy: string) => rows.find((row) => row.proxy === proxy)!.accuracy.value!
  expect(accuracy('linear-merged')).toBeCloseTo(accuracy('merge-micro'), 12)
})

test('errors are those of fits without the mixture, one and a tenth at a time', () => {
  const results = study('one')
  const rows = studyFits(results)
  expect(rows.map(({ proxy, budget, n }) => [proxy, budget, n])).toEqual([
    ...REGRESSIONS.map((kind) => [kind, 'sum', 12]),
    ...REGRESSIONS.map((kind) => [`${kind}-merged`, null, 26])
  ])
  const scores = scoreStudy(results, 'all')
  const { one } = rows.find(({ proxy }) => proxy === 'linear')!
  // What the proxy says of a trained mixture is the same fit without it.
  const truth = scores.sequential('sum', 0)
  const said = scores.proxy('linear', 0, 'sum')!
  const errors = compositions(results.mixtures).shares.flatMap((_, i) =>
    Number.isFinite(truth[i]) ? [Math.log(said[i]! / truth[i]!)] : []
  )
  const rmse = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length)
  expect(one!.rmse).toBeCloseTo(rmse, 10)
  const straight = rows.find(({ proxy }) => proxy === 'linear-merged')!
  expect([straight.one!.rmse, straight.tenth!.rmse]).toEqual([
    expect.closeTo(0, 10),
    expect.closeTo(0, 10)
  ])
  expect([straight.one!.folds, straight.tenth!.folds]).toEqual([26, 10])
})
