import { expect, test } from 'vitest'
import { KeptPlans } from '#engine/studies/keptPlans'
import { planStudy } from '#engine/studies/plan'
import { preparedText, smallStudy } from '../../../support/preparedText'

const study = smallStudy({ mixtures: { choose: { kind: 'random', count: 3, minimumSize: 1 } } })
const prepared = preparedText({ law: 2, code: 1, mail: 1 })
const none = { members: [], trained: new Set<string>(), sequentials: new Set<string>() }

test('a plan is made once, and is the one that would have been made', () => {
  const kept = new KeptPlans()
  const plan = kept.plan(study, prepared, null, none)
  expect(plan).toEqual(planStudy(study, prepared, null, none))
  // Read anew from the disk, the same text is another object.
  expect(kept.plan(structuredClone(study), structuredClone(prepared), null, none)).toBe(plan)
})

test('whatever a plan depends on makes another one', () => {
  const kept = new KeptPlans()
  const plan = kept.plan(study, prepared, null, none)
  const trained = planStudy(study, prepared).sequentials[0]!.fingerprint
  const others = [
    kept.plan({ ...study, randomSeed: 9 }, prepared, null, none),
    kept.plan(study, preparedText({ law: 2, code: 1, mail: 2 }), null, none),
    kept.plan(
      study,
      { ...prepared, tokenizer: { ...prepared.tokenizer, fingerprint: 'x' } },
      null,
      none
    ),
    kept.plan(study, prepared, null, { ...none, members: [['code', 'law']] }),
    kept.plan(study, prepared, null, { ...none, trained: new Set([trained]) })
  ]
  expect(others.filter((one) => one === plan)).toEqual([])
  expect(kept.plan(study, prepared, null, none)).toBe(plan)
})

test('of many plans the one asked for longest ago is let go of', () => {
  const kept = new KeptPlans()
  const of = (randomSeed: number) => kept.plan({ ...study, randomSeed }, prepared, null, none)
  const [first, second] = [of(1), of(2)]
  for (let randomSeed = 3; randomSeed <= 8; randomSeed++) of(randomSeed)
  expect(of(1)).toBe(first)
  of(9)
  expect([of(1) === first, of(2) === second]).toEqual([true, false])
})
