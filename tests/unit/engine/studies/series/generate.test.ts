import { expect, test } from 'vitest'
import { planStudy, runsOf } from '#engine/studies/plan'
import {
  assertNamesFree,
  isAltered,
  seriesStudies,
  seriesText
} from '#engine/studies/series/generate'
import { seriesCost } from '#engine/studies/series/seriesCost'
import { withParts } from '#engine/studies/unitParts'
import { SERIES_KINDS } from '#shared/series'
import type { SeriesKind } from '#shared/series'
import type { Study, StudyDraft } from '#shared/records'
import { preparedText, smallStudy } from '../../../../support/preparedText'

const text = preparedText({ law: 2, code: 1, mail: 1, wiki: 3 })

function made(
  kind: SeriesKind,
  values: (number | string)[] = [],
  change: Partial<StudyDraft> = {},
  truth?: 'all' | 'none' | number
): { base: Study; studies: Study[] } {
  const base = smallStudy({ sequential: { choose: { kind: 'random', count: 5 } }, ...change })
  const request = { kind, values, ...(truth ? { truth } : {}) }
  return { base, studies: seriesStudies(base, request, seriesText(base, text)) }
}

/** The same text in random partitions, as preparation names them: in the order of natural names. */
const shuffled = preparedText({ 'random 1': 1, 'random 2': 2, 'random 3': 1, 'random 4': 3 })
const textOf = (study: Study) => (study.shuffledPartitions ? shuffled : text)
const planOf = (study: Study) => planStudy(study, withParts(textOf(study), study))
const prints = (study: Study) => new Set(runsOf(planOf(study)).map((run) => run.fingerprint))
const mixturesOf = (study: Study) => planOf(study).mixtures.map(({ name }) => name)

test('a series is plain studies that differ in one setting, named and marked by it', () => {
  const { base, studies } = made('branch-rate', [0.002, 0.0005])
  expect(studies.map(({ name }) => name)).toEqual([
    'small / branch-rate 0.0005',
    'small / branch-rate 0.002'
  ])
  expect(studies[0]).toEqual({
    ...base,
    name: 'small / branch-rate 0.0005',
    branch: { ...base.branch, peakLearningRate: 0.0005 },
    sequential: { ...base.sequential, recipe: base.branch },
    series: { kind: 'branch-rate', of: 'small', value: 0.0005 }
  })
})

test.each(['branch-rate', 'replay', 'no-seed', 'unit-size'] as const)(
  '%s trains branches anew and nothing else; at the setting of the study itself nothing',
  (kind) => {
    const own = {
      'branch-rate': 0.001,
      replay: 0,
      'no-seed': 'weights-and-moments',
      'unit-size': 1
    }
    const other = { 'branch-rate': 0.002, replay: 0.5, 'no-seed': 'none', 'unit-size': 4 }
    const { base, studies } = made(kind, [own[kind], other[kind]])
    const before = prints(base)
    expect(prints(studies[0]!)).toEqual(before)
    const fresh = runsOf(planOf(studies[1]!)).filter((run) => !before.has(run.fingerprint))
    expect(new Set(fresh.map(({ role }) => role))).toEqual(new Set(['branch']))
    expect(fresh.length).toBe(planOf(studies[1]!).branches.length)
  }
)

test('what a series costs counts what its studies share once', () => {
  const { base, studies } = made('branch-rate', [0.001, 0.002, 0.004])
  const rate = { trainTokensPerSecond: 1000, evaluateTokensPerSecond: 3000, workers: 2, source: '' }
  const settings = studies.map((study) => ({
    study,
    plan: planOf(study),
    tokensEach: 500,
    isMeasured: () => true
  }))
  const price = (isDone: (one: string) => boolean) => seriesCost(settings, rate, isDone)
  const left = price(() => false).studies.map(({ runsLeft }) => runsLeft)
  const { branches } = planOf(base)
  expect(left).toEqual([prints(base).size, branches.length, branches.length])
  const known = prints(base)
  const rest = price((one) => known.has(one))
  expect(rest.runsLeft).toBe(2 * branches.length)
  expect(rest.tokensLeft).toBe(2 * branches.reduce((sum, run) => sum + run.tokens, 0))
  expect(rest.seconds).toBeCloseTo(rest.tokensLeft / 2000, 9)
})

test('leave-one-out holds all partitions and all but each; swap-one those kept and one more each', () => {
  const all = ['code', 'law', 'mail', 'wiki']
  const out = made('leave-one-out').studies
  expect(out.map(({ name }) => name)).toEqual(['small / leave-one-out'])
  expect(mixturesOf(out[0]!)).toEqual([
    'code+law+mail',
    'code+law+wiki',
    'code+mail+wiki',
    'law+mail+wiki',
    all.join('+')
  ])
  expect(planOf(out[0]!).sequentialMixtures.length).toBe(5)
  expect(mixturesOf(made('leave-one-out', ['mail']).studies[0]!)).toEqual([
    'code+law+wiki',
    all.join('+')
  ])
  const swap = made('swap-one', ['wiki', 'law'], {}, 'none').studies
  expect(mixturesOf(swap[0]!)).toEqual(['law+wiki', 'code+law+wiki', 'law+mail+wiki'])
  expect([swap[0]!.name, planOf(swap[0]!).sequentials.length]).toEqual([
    'small / swap-one law, wiki',
    0
  ])
})

test('windows follow the order of the study, or numbers inside of names', () => {
  const years = preparedText({ 'year 10': 1, 'year 9': 1, 'year 8': 1 })
  const base = smallStudy()
  const windows = (study: Study) =>
    seriesStudies(study, { kind: 'rolling-windows', values: [2] }, seriesText(study, years))
      .flatMap(({ mixtures: { choose } }) => (choose.kind === 'list' ? choose.list : []))
      .map((one) => Object.keys(one))
  expect(windows(base)).toEqual([
    ['year 8', 'year 9'],
    ['year 9', 'year 10']
  ])
  expect(windows({ ...base, partitions: ['year 9', 'year 8', 'year 10'] })).toEqual([
    ['year 9', 'year 8'],
    ['year 8', 'year 10']
  ])
})

test('a smaller number of partitions is inside of every larger one', () => {
  const { studies } = made('partitions-number', [2, 3, 4])
  const used = studies.map(
    (study) => new Set(planOf(study).mixtures.flatMap((one) => one.members.map(({ name }) => name)))
  )
  expect(used.map(({ size }) => size)).toEqual([2, 3, 4])
  const isInside = (a: number, b: number) => [...used[a]!].every((name) => used[b]!.has(name))
  expect([isInside(0, 1), isInside(1, 2)]).toEqual([true, true])
  expect(mixturesOf(studies[2]!).length).toBe(11)
  expect(planOf(studies[2]!).sequentialMixtures.length).toBe(5)
})

test('what a study trains again under other random seeds is left out of its series, unless asked for', () => {
  const base = smallStudy({ repeats: { randomSeeds: [7, 8], sequential: 2 } })
  const request = { kind: 'branch-rate' as const, values: [0.002] }
  const of = (repeats?: boolean) =>
    seriesStudies(base, { ...request, ...(repeats ? { repeats } : {}) }, seriesText(base, text))[0]!
  const again = (study: Study) => runsOf(planOf(study)).filter((run) => run.repeat !== null)
  expect(again(of())).toEqual([])
  expect(of(true).repeats).toEqual(base.repeats)
  expect(again(of(true)).length).toBe(2 * (planOf(base).branches.length + 2))
  // Neither is a study that somebody altered.
  expect([of(), of(true)].map((one) => isAltered(one, base, seriesText(base, text)))).toEqual([
    false,
    false
  ])
})

test('random partitions stand in the place of natural ones, mixture by mixture; natural ones are the study', () => {
  const change: Partial<StudyDraft> = {
    mixtures: {
      choose: { kind: 'list', list: [{ law: 1, wiki: 3 }, { mail: 1 }] },
      added: [{ code: 1, law: 1 }]
    },
    sequential: { choose: { kind: 'list', mixtures: ['mail'] }, top: ['code+law'] }
  }
  const { base, studies } = made('random-partitions', [], change)
  expect(studies.map(({ series }) => series?.value)).toEqual(['natural', 'random'])
  const [natural, random] = studies
  expect(natural).toEqual({ ...base, name: natural!.name, series: natural!.series })
  expect(mixturesOf(random!)).toEqual([
    'random 3',
    'random 1+random 2',
    'random 2*0.25+random 4*0.75'
  ])
  expect(planOf(random!).sequentialMixtures.length).toBe(1)
  // Seed and what is measured on stay: only what reads the units is trained anew.
  const before = prints(natural!)
  const same = runsOf(planOf(random!)).filter((run) => before.has(run.fingerprint))
  expect(same.map(({ role }) => role)).toEqual(['seed'])
  const units = made('random-partitions', ['random'], {
    mixtures: { over: 'units', choose: { kind: 'list', list: [{ 'law#2': 1, 'wiki#1': 1 }] } }
  }).studies
  expect(mixturesOf(units[0]!)).toEqual(['random 2#2+random 4#1'])
})

test('every kind makes studies that can be planned, or says why it cannot', () => {
  for (const kind of SERIES_KINDS.filter((one) => one !== 'swap-one')) {
    for (const study of made(kind).studies) expect(planOf(study).branches.length).toBeGreaterThan(0)
  }
})

const wrong: [SeriesKind, (number | string)[], Partial<StudyDraft>, RegExp][] = [
  ['unit-size', [26], {}, /from 1 to 25, found 26/],
  ['unit-size', [1.5], {}, /whole number/],
  ['unit-size', [], { mixtures: { over: 'units', choose: { kind: 'all' } } }, /over units/],
  ['branch-rate', [-1], {}, /above 0 and at most 1, found -1/],
  ['branch-rate', ['fast'], {}, /are numbers, found "fast"/],
  ['replay', [0.9], {}, /batch of 4, found 0.9/],
  ['replay', [1], {}, /found 1/],
  [
    'replay',
    [],
    { seed: { source: 'none' }, branch: { ...smallStudy().branch, start: 'none' } },
    /this study has none/
  ],
  ['leave-one-out', ['prose'], {}, /names prose, .* law, mail, wiki/],
  ['swap-one', [], {}, /which partitions are kept/],
  ['swap-one', ['law', 'code', 'mail', 'wiki'], {}, /none is left/],
  ['seed-length', [3], {}, /64 or more, found 3/],
  ['no-seed', ['some'], {}, /weights-and-moments, weights, none, found "some"/],
  ['partitions-number', [5], {}, /from 2 to 4, found 5/],
  ['rolling-windows', [0], {}, /from 1 to 4, found 0/],
  ['uneven', [4], {}, /from 1 to 3, found 4/],
  ['random-partitions', ['iid'], {}, /natural, random, found "iid"/],
  ['random-partitions', [], { shuffledPartitions: true }, /are random already/]
]
test.each(wrong)('%s of %j is refused and says why', (kind, values, change, says) => {
  expect(() => made(kind, values, change)).toThrow(says)
})

test('a name that somebody gave is not taken; a study changed by hand is known', () => {
  const { base, studies } = made('branch-rate', [0.002])
  const [study] = studies
  expect(() => assertNamesFree([base, ...studies], studies)).not.toThrow()
  expect(() => assertNamesFree([{ ...base, name: study!.name }], studies)).toThrow(
    /branch-rate 0.002/
  )
  const altered = (one: Study, of = base) => isAltered(one, of, seriesText(of, text))
  expect(altered(study!)).toBe(false)
  expect(
    altered({ ...study!, sequential: { ...study!.sequential, choose: { kind: 'all' } } })
  ).toBe(false)
  expect(altered({ ...study!, branch: { ...study!.branch, warmupSteps: 7 } })).toBe(true)
  expect(altered(study!, { ...base, randomSeed: 9 })).toBe(true)
  for (const kind of SERIES_KINDS.filter((one) => one !== 'swap-one')) {
    const own = made(kind)
    expect(own.studies.map((one) => altered(one, own.base))).toEqual(own.studies.map(() => false))
  }
  const out = made('leave-one-out', ['mail'])
  const swap = made('swap-one', ['wiki', 'law'])
  expect([altered(out.studies[0]!), altered(swap.studies[0]!)]).toEqual([false, false])
})

test.each(SERIES_KINDS)('%s can be made of a study that trains mixtures picked by name', (kind) => {
  const one = { law: 1, code: 1 }
  const two = { mail: 1, wiki: 1 }
  const change: Partial<StudyDraft> = {
    mixtures: { choose: { kind: 'sizes', sizes: [3] }, added: [one, two] },
    sequential: {
      choose: { kind: 'random', count: 2 },
      top: ['code+law'],
      design: ['mail+wiki']
    }
  }
  const { studies } = made(kind, kind === 'swap-one' ? ['wiki'] : [], change)
  for (const study of studies) expect(planOf(study).sequentials.length).toBeGreaterThan(0)
  const fewer = made(kind, kind === 'swap-one' ? ['wiki'] : [], change, 1).studies
  for (const study of fewer) expect(planOf(study).pickedMixtures).toEqual([])
})
