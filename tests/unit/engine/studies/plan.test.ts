import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import { TrainerSchema } from '#shared/trainer'
import { sha256 } from '#engine/storage/sha256'
import { planStudy, runsOf } from '#engine/studies/plan'
import type { StudyPlan } from '#engine/studies/plan'
import { preparedText, smallStudy } from '../../../support/preparedText'

const fingerprints = (plan: StudyPlan) =>
  new Set([...plan.branches, ...plan.sequentials].map((run) => run.fingerprint))

test('every unit has one branch, all from the same seed', () => {
  const plan = planStudy(smallStudy(), preparedText({ law: 2, code: 1 }))
  expect(plan.branches.map((run) => run.name)).toEqual(['law#1', 'law#2', 'code#1'])
  expect(new Set(plan.branches.map((run) => JSON.stringify(run.start)))).toEqual(
    new Set([
      JSON.stringify({ kind: 'run', fingerprint: plan.seed!.fingerprint, carryMoments: true })
    ])
  )
})

test('the sequential model of a single unit is its branch', () => {
  const plan = planStudy(smallStudy(), preparedText({ law: 1, code: 1 }))
  const sequential = plan.sequentials.find((run) => run.mixture === 'law')
  expect(sequential?.fingerprint).toBe(plan.branches[0]!.fingerprint)
})

test('with the sum budget a sequential model reads what its branches read', () => {
  const plan = planStudy(smallStudy(), preparedText({ law: 2, code: 1 }))
  const both = plan.sequentials.find((run) => run.mixture === 'code+law')!
  expect([both.tokens, both.steps]).toEqual([3 * 100 * 16, 75])
})

test('with a fixed budget every mixture reads equally much', () => {
  const study = smallStudy({ sequential: { choose: { kind: 'all' }, budgets: ['fixed'] } })
  const plan = planStudy(study, preparedText({ law: 2, code: 1, mail: 1 }))
  expect(new Set(plan.sequentials.map((run) => run.tokens))).toEqual(new Set([200 * 16]))
})

test('a weighted mixture gives each unit its share of sequences', () => {
  const study = smallStudy({
    mixtures: { choose: { kind: 'list', list: [{ law: 3, code: 1 }] } },
    sequential: { choose: { kind: 'all' }, budgets: ['fixed'] }
  })
  const plan = planStudy(study, preparedText({ law: 2, code: 1 }))
  expect(plan.sequentials[0]!.draws.map((draw) => [draw.unit.name, draw.sequences])).toEqual([
    ['code#1', 50],
    ['law#1', 75],
    ['law#2', 75]
  ])
})

test('a short unit is repeated until its branch is as long as the others', () => {
  const prepared = preparedText({ law: 1, code: 1 })
  prepared.partitions[1]!.baseUnits[0]!.sequences = 40
  const plan = planStudy(smallStudy(), prepared)
  expect(plan.branches.map((run) => run.tokens)).toEqual([1600, 1600])
})

test('adding a partition changes no run that was planned before', () => {
  const before = planStudy(smallStudy(), preparedText({ law: 2, code: 1 }))
  const after = planStudy(smallStudy(), preparedText({ law: 2, code: 1, mail: 1 }))
  expect(after.seed!.fingerprint).toBe(before.seed!.fingerprint)
  expect([...fingerprints(before)].filter((one) => !fingerprints(after).has(one))).toEqual([])
  expect(after.branches.length - before.branches.length).toBe(1)
})

test('mixtures drawn at random and trained stay when a partition is added', () => {
  const study = smallStudy({ sequential: { choose: { kind: 'random', count: 4 } } })
  const before = planStudy(study, preparedText({ a: 2, b: 1, c: 1, d: 1 }))
  const trained = new Set(before.sequentials.map((run) => run.fingerprint))
  const history = { members: [], trained, sequentials: trained }
  const after = planStudy(study, preparedText({ a: 2, b: 1, c: 1, d: 1, e: 1 }), null, history)
  expect(after.mixtures.length).toBe(31)
  expect(after.sequentialMixtures).toEqual(before.sequentialMixtures)
  expect(before.sequentials.map((run) => run.chosenBy)).toEqual(new Array(4).fill('random'))
  // A mixture of one unit is its branch already; the two units of a are not.
  const all = smallStudy({ sequential: { choose: { kind: 'random', count: 99 } } })
  const { sequentialMixtures } = planStudy(all, preparedText({ a: 2, b: 1, c: 1 }))
  expect(sequentialMixtures).toEqual(['a', 'a+b', 'a+c', 'b+c', 'a+b+c'])
})

test('with a fixed budget a mixture of one unit is worth training, and is drawn', () => {
  const study = smallStudy({
    sequential: { choose: { kind: 'random', count: 99 }, budgets: ['sum', 'fixed'] }
  })
  expect(planStudy(study, preparedText({ a: 1, b: 1 })).sequentialMixtures).toContain('a')
})

test('another recipe, random seed, tokenizer or model makes every run new', () => {
  const base = smallStudy()
  const text = preparedText({ law: 1, code: 1 })
  const other = { ...text, tokenizer: { ...text.tokenizer, fingerprint: 'another' } }
  const plans = [
    planStudy(base, text),
    planStudy({ ...base, branch: { ...base.branch, weightDecay: 0 } }, text),
    planStudy({ ...base, randomSeed: 2 }, text),
    planStudy({ ...base, model: { ...base.model, hiddenLayers: 3 } }, text),
    planStudy(base, other)
  ]
  const all = plans.map(fingerprints)
  expect(new Set(all.flatMap((set) => [...set])).size).toBe(all.reduce((n, set) => n + set.size, 0))
})

test('how a batch is cut into forward passes does not make a run new', () => {
  const base = smallStudy()
  const cut = { ...base, branch: { ...base.branch, microBatchSize: 2 } }
  const text = preparedText({ law: 1 })
  expect(fingerprints(planStudy(cut, text))).toEqual(fingerprints(planStudy(base, text)))
})

test('merges of one unit are its branch; micro and macro agree when partitions are even', () => {
  const plan = planStudy(smallStudy(), preparedText({ law: 1, code: 1 }))
  expect(plan.merges.map((one) => [one.mixture, one.merge])).toEqual([
    ['code+law', 'micro'],
    ['code+law', 'macro']
  ])
  expect(plan.merges[0]!.fingerprint).toBe(plan.merges[1]!.fingerprint)
})

test('mixtures and sequential models added by hand leave all other runs as they were', () => {
  const text = preparedText({ a: 2, b: 1, c: 1 })
  const before = planStudy(
    smallStudy({ sequential: { choose: { kind: 'random', count: 2 } } }),
    text
  )
  const open = before.mixtures.find(
    ({ name, units }) => units.length > 1 && !before.sequentialMixtures.includes(name)
  )!
  const after = planStudy(
    smallStudy({
      mixtures: { choose: { kind: 'all' }, added: [{ a: 3, b: 1 }] },
      sequential: {
        choose: { kind: 'random', count: 2 },
        added: ['a*0.75+b*0.25', before.sequentialMixtures[0]!],
        top: [open.name, before.sequentialMixtures[1]!, 'a*0.75+b*0.25']
      }
    }),
    text
  )
  const chosenBy = (why: string) =>
    after.sequentials.filter((run) => run.chosenBy === why).map(({ mixture }) => mixture)
  expect([chosenBy('user'), chosenBy('top')]).toEqual([['a*0.75+b*0.25'], [open.name]])
  expect(after.pickedMixtures).toEqual(['a*0.75+b*0.25', open.name])
  expect(before.pickedMixtures).toEqual([])
  expect(after.sequentials.filter((run) => run.chosenBy === 'random')).toEqual(before.sequentials)
  expect(after.merges).toEqual(expect.arrayContaining(before.merges))
  expect(after.mixtures.length).toBe(before.mixtures.length + 1)
})

test('any beginning of the sequential runs covers the sizes as evenly as can be', () => {
  const plan = planStudy(smallStudy(), preparedText({ a: 1, b: 1, c: 1, d: 1, e: 1 }))
  const sizes = plan.sequentials.slice(0, 10).map((run) => run.mixture!.split('+').length)
  expect(new Set(sizes).size).toBeGreaterThanOrEqual(4)
})

test('shares of a fixed budget always add up to it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 10, noNaN: true }), { minLength: 1, maxLength: 6 }),
      (weights) => {
        const names = weights.map((_, index) => `p${index}`)
        const list = [Object.fromEntries(names.map((name, index) => [name, weights[index]!]))]
        const study = smallStudy({
          mixtures: { choose: { kind: 'list', list } },
          sequential: { choose: { kind: 'all' }, budgets: ['fixed'], fixedTokens: 16 * 137 }
        })
        const plan = planStudy(study, preparedText(Object.fromEntries(names.map((n) => [n, 1]))))
        const read = plan.sequentials[0]!.draws.reduce((sum, draw) => sum + draw.sequences, 0)
        expect(read).toBe(137)
      }
    )
  )
})

test('a batch larger than what a run reads is refused with both numbers', () => {
  const study = smallStudy()
  const large = { ...study, branch: { ...study.branch, batchSize: 200 } }
  expect(() => planStudy(large, preparedText({ law: 1 }))).toThrow(
    '200 sequences is larger than what a run reads (100)'
  )
})

test('repeats add runs under other random seeds and change none of the study', () => {
  const text = preparedText({ law: 2, code: 1, mail: 1 })
  const before = planStudy(smallStudy(), text)
  const after = planStudy(
    smallStudy({ repeats: { randomSeeds: [1, 7, 7, 8], sequential: 2 } }),
    text
  )
  expect({ ...after, repeats: [] }).toEqual(before)
  // The study's own random seed would repeat nothing, and none counts twice.
  expect(after.repeats.map(({ randomSeed }) => randomSeed)).toEqual([7, 8])
  const [first] = after.repeats
  expect(first!.branches.map(({ name }) => name)).toContain('law#2 (random seed 7)')
  expect(first!.sequentials).toHaveLength(2)
  // From the same seed model, on the same text: only the order differs.
  expect(first!.branches.map(({ start, draws }) => ({ start, draws }))).toEqual(
    before.branches.map(({ start, draws }) => ({ start, draws }))
  )
  const known = fingerprints(before)
  const again = new Set(
    after.repeats
      .flatMap((one) => [...one.branches, ...one.sequentials])
      .map((run) => run.fingerprint)
  )
  expect([...again].filter((one) => known.has(one))).toEqual([])
  expect(again.size).toBe(2 * (4 + 2))
})

test('what was repeated is repeated on when more mixtures are trained', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const text = preparedText(Object.fromEntries(names.map((name) => [name, 1])))
  const repeats = { randomSeeds: [7], sequential: 3 }
  const training = (count: number) =>
    smallStudy({ repeats, sequential: { choose: { kind: 'random', count } } })
  for (const count of [12, 20, 40]) {
    const before = planStudy(training(6), text)
    const of = ({ repeats: [first] }: StudyPlan) => first!.sequentials.map((run) => run.mixture)
    const sequentials = new Set(
      [...before.sequentials, ...before.repeats[0]!.sequentials].map((run) => run.fingerprint)
    )
    const history = { members: [], trained: sequentials, sequentials }
    expect(of(planStudy(training(count), text, null, history)).sort()).toEqual(of(before).sort())
  }
})

test('merges of a repeat are of all mixtures that are trained, picked ones too', () => {
  const text = preparedText({ a: 1, b: 1, c: 1, d: 1 })
  const choose = { kind: 'random' as const, count: 3 }
  const plain = planStudy(smallStudy({ sequential: { choose } }), text)
  const open = plain.mixtures.filter(
    ({ name, units }) => units.length > 1 && !plain.sequentialMixtures.includes(name)
  )
  const study = smallStudy({
    repeats: { randomSeeds: [7], sequential: 1 },
    sequential: { choose, added: [open[0]!.name], design: [open[1]!.name] }
  })
  const plan = planStudy(study, text)
  const merged = new Set(plan.repeats[0]!.merges.map(({ mixture }) => mixture))
  expect([...merged].sort()).toEqual([...plan.sequentialMixtures].sort())
})

test('mixtures that a diagnosis proposed are trained by design, best first, and change no other run', () => {
  const text = preparedText({ a: 1, b: 1, c: 1, d: 1 })
  const choose = { kind: 'random' as const, count: 3 }
  const before = planStudy(smallStudy({ sequential: { choose } }), text)
  const open = before.mixtures
    .filter(({ name, units }) => units.length > 1 && !before.sequentialMixtures.includes(name))
    .map(({ name }) => name)
  const [user, late, early] = open as [string, string, string]
  const design = [early, user, before.sequentialMixtures[0]!, late]
  const after = planStudy(smallStudy({ sequential: { choose, added: [user], design } }), text)
  const runs = after.sequentials.map(({ mixture, chosenBy }) => [mixture, chosenBy])
  expect(runs.slice(0, 3)).toEqual([
    [user, 'user'],
    [early, 'design'],
    [late, 'design']
  ])
  expect(after.sequentials.slice(3)).toEqual(before.sequentials)
  expect(after.branches).toEqual(before.branches)
  expect([...after.sequentialMixtures].sort()).toEqual(
    [...before.sequentialMixtures, user, early, late].sort()
  )
  const strange = smallStudy({ sequential: { choose, design: ['rust'] } })
  expect(() => planStudy(strange, text)).toThrow(/rust/)
})

test('a trainer of its own makes every run another one; where and how many at once changes none', () => {
  const runsBy = (trainer?: z.input<typeof TrainerSchema>) =>
    runsOf(
      planStudy(
        { ...smallStudy(), ...(trainer ? { trainer: TrainerSchema.parse(trainer) } : {}) },
        preparedText({ law: 1 })
      )
    ).map(({ fingerprint }) => fingerprint)
  const ours = runsBy()
  const theirs = runsBy({ command: 'train {out}' })
  expect(theirs.filter((one) => ours.includes(one))).toEqual([])
  expect(
    runsBy({ command: 'train {out}', atOnce: 4, setup: ['a'], folder: '/b', graceSeconds: 5 })
  ).toEqual(theirs)
  const named = runsBy({ command: 'train {out}', version: 'ours 2' })
  expect(runsBy({ command: '/elsewhere/train {out}', version: 'ours 2' })).toEqual(named)
  expect(named.filter((one) => theirs.includes(one))).toEqual([])
})

test('fingerprints are what they were when projects of before were trained', () => {
  const small = smallStudy({
    mixtures: {
      choose: {
        kind: 'list',
        list: [
          { law: 1, code: 1 },
          { law: 3, code: 1 }
        ]
      }
    },
    sequential: { choose: { kind: 'all' }, budgets: ['sum', 'fixed'] },
    merges: ['micro', 'macro', 'tau-0.5'],
    repeats: { randomSeeds: [7], branches: true, sequential: 1 }
  })
  const replaying = { ...small, branch: { ...small.branch, replay: 0.1 } }
  const ofCommand = { ...small, trainer: TrainerSchema.parse({ command: 'train {out}' }) }
  const all = [small, replaying, ofCommand].flatMap((study) => {
    const plan = planStudy(study, preparedText({ law: 2, code: 1 }))
    const { merges, ensembles, repeats } = plan
    const models = [...runsOf(plan), ...merges, ...ensembles]
    const again = repeats.flatMap((one) => [...one.merges, ...one.ensembles])
    return [...models, ...again].map(({ fingerprint }) => fingerprint)
  })
  expect(all).toHaveLength(87)
  expect(sha256(all.join('\n'))).toBe(
    '7a91d02460790a9ef8bcb70e9db5a9ec8550c76686f45067726fd945c512521d'
  )
})
