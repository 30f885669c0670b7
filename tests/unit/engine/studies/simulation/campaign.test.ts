/** Simulated campaigns: what holds of any, whatever is drawn. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planStudy } from '#engine/studies/plan'
import { simulateCampaign } from '#engine/studies/simulation/campaign'
import type { Campaign } from '#engine/studies/simulation/campaign'
import { inventedCampaign, inventedStudy, PAPER } from '#engine/studies/simulation/inventory'
import type { PretendedCluster } from '#engine/studies/simulation/pretendedCluster'
import { VirtualTime } from '#engine/studies/simulation/virtualTime'

const CLUSTER: PretendedCluster = {
  nodes: 4,
  gpusPerNode: 2,
  slowNodes: 1,
  slowdown: 2,
  flopsPerSecond: 1e14,
  tail: 0.5,
  failures: 0.02,
  randomSeed: 1
}
const play = (runs: number, change: Partial<PretendedCluster> = {}) =>
  simulateCampaign(
    inventedCampaign(runs).plan,
    { ...CLUSTER, ...change },
    new AbortController().signal
  )
const courseOf = ({ schedulingMs: _measured, ...course }: Campaign) => course

test('the paper’s inventory with all its pairs is planned: 139 branches, 9,591 mixtures of two', () => {
  const { study, text } = inventedStudy({
    ...PAPER,
    preset: '130m',
    mixtures: { kind: 'sizes', sizes: [2] },
    sequential: 'all',
    merges: ['micro', 'macro']
  })
  const plan = planStudy(study, text)
  expect(text.partitions).toHaveLength(33)
  expect([plan.branches.length, plan.mixtures.length, plan.sequentials.length]).toEqual([
    139, 9591, 9591
  ])
  expect(new Set(plan.sequentials.map((run) => run.fingerprint)).size).toBe(9591)
})

test('one seed gives one course, another seed another', async () => {
  expect(courseOf(await play(300))).toEqual(courseOf(await play(300)))
  expect(courseOf(await play(300, { randomSeed: 2 }))).not.toEqual(courseOf(await play(300)))
})

test('without spread, failures and slow nodes it is arithmetic', async () => {
  const even = { tail: 0, failures: 0, slowNodes: 0 }
  const { plan } = inventedCampaign(1 + 16)
  const campaign = await simulateCampaign(
    plan,
    { ...CLUSTER, ...even },
    new AbortController().signal
  )
  const [seed, branches] = campaign.phases
  // Sixteen equal branches on eight GPUs: twice as long as one of them.
  const ratio = plan.branches[0]!.tokens / plan.seed!.tokens
  expect((branches!.ended - branches!.began) / seed!.ended).toBeCloseTo(2 * ratio, 12)
  expect([seed!.utilisation, branches!.utilisation]).toEqual([1 / 8, expect.closeTo(1, 12)])
  expect(campaign).toMatchObject({ runs: 17, trained: 17, failed: 0, triedAgain: 0 })
})

test('whatever is drawn: no quicker than the bound, no more than all slots, every run accounted for', async () => {
  const clusters = fc.record({
    nodes: fc.integer({ min: 1, max: 5 }),
    gpusPerNode: fc.integer({ min: 1, max: 4 }),
    slowNodes: fc.nat(1),
    slowdown: fc.double({ min: 1, max: 5, noNaN: true }),
    tail: fc.double({ min: 0, max: 2, noNaN: true }),
    failures: fc.double({ min: 0, max: 0.6, noNaN: true }),
    randomSeed: fc.nat()
  })
  await fc.assert(
    fc.asyncProperty(clusters, fc.integer({ min: 2, max: 220 }), async (change, runs) => {
      const campaign = await play(runs, change)
      const { makespan, bound, utilisation, trained, failed } = campaign
      expect(makespan).toBeGreaterThanOrEqual(bound.seconds * (1 - 1e-9))
      expect(utilisation).toBeLessThanOrEqual(1 + 1e-9)
      expect(campaign.phases.every((one) => one.utilisation <= 1 + 1e-9)).toBe(true)
      expect(trained + failed).toBe(campaign.runs)
      // Without its seed nothing else is begun.
      expect(campaign.runs === runs || campaign.phases.length === 1).toBe(true)
    }),
    { numRuns: 40 }
  )
})

test('what fails is tried again, twice at most', async () => {
  const often = await play(2000, { failures: 0.5, randomSeed: 3 })
  expect(often.runs).toBe(2000)
  // Of tries that fail half the time an eighth of all runs fails thrice.
  expect(often.failed / often.runs).toBeGreaterThan(0.1)
  expect(often.failed / often.runs).toBeLessThan(0.15)
  expect(often.triedAgain / often.runs).toBeCloseTo(0.75, 1)
})

test('a try that fails costs what came after the last resume point, at most five minutes', async () => {
  const busy = ({ utilisation, slots, makespan }: Campaign) => utilisation * slots * makespan
  const even = { tail: 0, slowNodes: 0 }
  const sound = await play(300, { ...even, failures: 0 })
  const failing = await play(300, { ...even, failures: 0.05 })
  expect([failing.failed, failing.triedAgain > 10]).toEqual([0, true])
  const lost = busy(failing) - busy(sound)
  expect(lost).toBeGreaterThan(0)
  expect(lost).toBeLessThan(300 * failing.triedAgain)
})

test('a hundred thousand runs are played to their end', async () => {
  const campaign = await play(100_000, { nodes: 64, gpusPerNode: 8 })
  expect(campaign).toMatchObject({ runs: 100_000, slots: 512 })
  expect(campaign.trained + campaign.failed).toBe(100_000)
  expect(campaign.utilisation).toBeGreaterThan(0.8)
  expect(campaign.overBound).toBeLessThan(1.2)
}, 120_000)

test.each([
  ['nodes', 0],
  ['gpusPerNode', 0.5],
  ['slowNodes', 5],
  ['slowdown', 0.5],
  ['flopsPerSecond', 0],
  ['tail', -1],
  ['failures', 1]
] as const)('a cluster with %s %s is refused by name', async (setting, value) => {
  await expect(play(3, { [setting]: value })).rejects.toMatchObject({
    code: 'usage/invalid',
    details: { simulated: setting }
  })
})

test('a campaign of no run, or of more than a study holds, is refused', () => {
  for (const runs of [1, 1.5, 1e7]) {
    expect(() => inventedCampaign(runs)).toThrow('2 to 1000000 runs')
  }
})

test('aborting ends it', async () => {
  const { plan } = inventedCampaign(200)
  const reason = new Error('enough')
  await expect(simulateCampaign(plan, CLUSTER, AbortSignal.abort(reason))).rejects.toBe(reason)
})

test('who waits on the clock wakes in order, and waiting for something else is said', async () => {
  const time = new VirtualTime()
  const woken: number[] = []
  const wake = async (seconds: number) => {
    await time.wait(seconds)
    woken.push(time.now)
  }
  await time.play(Promise.all([wake(3), wake(1), wake(2).then(() => wake(0.5))]))
  expect(woken).toEqual([1, 2, 2.5, 3])
  await expect(time.play(new Promise(() => undefined))).rejects.toThrow('never comes')
})
