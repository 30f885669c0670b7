import fc from 'fast-check'
import { expect, test } from 'vitest'
import { branchProbabilities, ensembleNats } from '#engine/proxies/ensemble'

const of = (...nats: number[]) => branchProbabilities(Float32Array.from(nats))

test('probabilities are averaged, then logged, document by document', () => {
  const branches = [of(Math.log(2), Math.log(4), 1), of(Math.log(8), Math.log(4), 1)]
  const nats = ensembleNats(branches, [0.25, 0.75], [2, 0, 1])
  const first = -Math.log(0.25 / 2 + 0.75 / 8) + Math.log(4)
  expect(nats[0]).toBeCloseTo(first, 6)
  expect([...nats.slice(1)]).toEqual([0, 1])
})

test('a token that no branch holds possible costs what the least wrong one says', () => {
  const [nats] = ensembleNats([of(900), of(1000)], [0.5, 0.5], [1])
  expect(nats).toBeCloseTo(900 + Math.log(2), 3)
  expect(ensembleNats([of(900), of(800)], [1, 0], [1])[0]).toBeCloseTo(900, 3)
})

const losses = fc.array(fc.float({ min: 0, max: 60, noNaN: true }), { minLength: 6, maxLength: 6 })

test('an ensemble is no worse than the mean of its branches’ losses, nor better than their best', () => {
  const total = (nats: Iterable<number>) => [...nats].reduce((sum, one) => sum + one, 0)
  fc.assert(
    fc.property(losses, losses, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, weight) => {
      const branches = [of(...a), of(...b)]
      const [mixed] = ensembleNats(branches, [weight, 1 - weight], [6])
      const mean = weight * total(branches[0]!.nats) + (1 - weight) * total(branches[1]!.nats)
      expect(mixed).toBeLessThanOrEqual(mean + 1e-6 * (1 + mean))
      const best = total(branches[0]!.nats.map((one, i) => Math.min(one, branches[1]!.nats[i]!)))
      expect(mixed).toBeGreaterThanOrEqual(best - 1e-6 * (1 + best))
      const [same] = ensembleNats([branches[0]!, branches[0]!], [weight, 1 - weight], [6])
      expect(same).toBeCloseTo(total(branches[0]!.nats), 3)
    })
  )
})
