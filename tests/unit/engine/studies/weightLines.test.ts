import { expect, test } from 'vitest'
import { planStudy } from '#engine/studies/plan'
import { modelsOnLines, planLines } from '#engine/studies/weightLines'
import { LINE_KINDS, LINE_POINTS } from '#shared/diagnosis'
import { preparedText, smallStudy } from '../../../support/preparedText'

const planned = (partitions: Record<string, number>, change = {}) => {
  const plan = planStudy(smallStudy(change), preparedText(partitions))
  return { plan, lines: planLines(plan, 1) }
}

test('lines go from the seed, between branches and to the merge of all, through what the study has', () => {
  const { plan, lines } = planned({ law: 1, code: 1, mail: 1 })
  expect(LINE_KINDS.map((kind) => lines.filter((one) => one.kind === kind).length)).toEqual([
    3, 3, 3
  ])
  const micro = (mixture: string) =>
    plan.merges.find((one) => one.mixture === mixture && one.merge === 'micro')!.fingerprint
  for (const { points, kind, to } of lines) {
    expect(points.map(({ t }) => t)).toEqual([...LINE_POINTS])
    for (const { parts } of points) {
      expect(parts.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12)
    }
    const end = points.at(-1)!.fingerprint
    if (kind === 'branch-merge') expect(end).toBe(micro('code+law+mail'))
    else expect(end).toBe(plan.branches.find(({ name }) => name === to)!.fingerprint)
    if (kind === 'seed-branch') expect(points[0]!.fingerprint).toBe(plan.seed!.fingerprint)
  }
  const between = lines.find((one) => one.from === 'law#1' && one.to === 'code#1')!
  // Its middle is a mixture of the study, and a quarter is one that could be added.
  expect(between.points[2]!.fingerprint).toBe(micro('code+law'))
  const weighted = planned(
    { law: 1, code: 1, mail: 1 },
    { mixtures: { choose: { kind: 'list', list: [{ law: 0.75, code: 0.25 }] } } }
  )
  expect(weighted.plan.merges[0]!.fingerprint).toBe(between.points[1]!.fingerprint)
})

test('many branches have a dozen lines of each kind, the same ones every time', () => {
  const many = { law: 9, code: 9, mail: 9 }
  const change = { mixtures: { choose: { kind: 'sizes' as const, sizes: [3] } } }
  const { plan, lines } = planned(many, change)
  expect(LINE_KINDS.map((kind) => lines.filter((one) => one.kind === kind).length)).toEqual([
    12, 12, 12
  ])
  expect(planned(many, change).lines).toEqual(lines)
  expect(planLines(plan, 2)).not.toEqual(lines)
  const models = modelsOnLines(lines, plan)
  expect(new Set(models.map(({ fingerprint }) => fingerprint)).size).toBe(models.length)
  expect(models.length).toBeLessThanOrEqual(36 * 3 + 12 + 2)
})

test('no seed, no line from it; of two branches none to their merge; one alone has none', () => {
  const kinds = (partitions: Record<string, number>, change = {}) => [
    ...new Set(planned(partitions, change).lines.map(({ kind }) => kind))
  ]
  expect(kinds({ law: 1, code: 1 })).toEqual(['seed-branch', 'branch-branch'])
  const alone = { seed: { source: 'none' as const } }
  const { branch } = smallStudy()
  const change = { ...alone, branch: { ...branch, start: 'none' as const } }
  expect(kinds({ law: 1, code: 1, mail: 1 }, change)).toEqual(['branch-branch', 'branch-merge'])
  expect(planned({ law: 1 }, change).lines).toEqual([])
})

test('a seed from outside is read from its folder', () => {
  const { branch, model } = smallStudy()
  const study = smallStudy({
    seed: { source: 'checkpoint' as const, path: '/models/seed' },
    branch: { ...branch, start: 'weights' as const }
  })
  const checkpoint = {
    folder: '/models/seed',
    config: { ...model, vocabularySize: 300 },
    fingerprint: 'outside',
    tokenizer: null,
    hasMoments: false
  }
  const plan = planStudy(study, preparedText({ law: 1 }), checkpoint as never)
  const models = modelsOnLines(planLines(plan, 1), plan)
  expect(models.map(({ model }) => model)).toEqual([
    { kind: 'checkpoint', folder: '/models/seed' },
    ...[0.25, 0.5, 0.75].map((t) => ({
      kind: 'merge',
      branches: [
        { fingerprint: 'outside', weight: 1 - t },
        { fingerprint: plan.branches[0]!.fingerprint, weight: t }
      ],
      outside: { fingerprint: 'outside', folder: '/models/seed' }
    })),
    { kind: 'run', fingerprint: plan.branches[0]!.fingerprint }
  ])
})
